import { useState } from "react";
import { ArrowLeftIcon, CodeIcon, DownloadIcon, EyeIcon } from "@primer/octicons-react";
import { escapeInvisible } from "@deckhand/protocol";
import { fileUrl } from "../../urls.ts";
import { buttonClass, IconButton } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { Tooltip } from "../../ui/tooltip.tsx";
import { useMessages } from "../../i18n/i18n.ts";
import { FilePreview } from "./file-preview.tsx";
import { FileEditor } from "./file-editor.tsx";
import { useFile } from "./use-file.ts";

interface FileViewProps {
  readonly conversation: string;
  readonly path: string;
  readonly changed: number;
  readonly onClose: () => void;
  readonly onDirty: (dirty: boolean) => void;
}

/** One file of the workspace. */
export function FileView({ conversation, path, changed, onClose, onDirty }: FileViewProps) {
  const t = useMessages();
  const [drawn, setDrawn] = useState(false);
  const { data, error, refetch } = useFile(conversation, path, changed);
  const name = path.split("/").at(-1) ?? path;
  const edits = data?.text !== undefined && !(drawn && data.kind === "svg");
  return (
    <section aria-label={escapeInvisible(path)} className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div className="flex h-9 shrink-0 items-center gap-1 border-b border-line px-1.5">
        <IconButton
          icon={ArrowLeftIcon}
          size="small"
          label={t.work.files.backToFiles}
          className="@2xl:hidden"
          onClick={onClose}
        />
        <h3 className="min-w-0 flex-1 truncate px-1 font-mono text-xs" title={escapeInvisible(path)}>
          <span className="text-muted">{escapeInvisible(path.slice(0, -name.length))}</span>
          {escapeInvisible(name)}
        </h3>
        {data?.kind === "svg" && (
          <IconButton
            icon={drawn ? CodeIcon : EyeIcon}
            size="small"
            label={drawn ? t.work.files.viewAsText : t.work.files.viewAsImage}
            onClick={() => setDrawn(!drawn)}
          />
        )}
        <Tooltip text={t.common.download}>
          <a
            href={fileUrl(conversation, path)}
            download={name}
            aria-label={t.work.files.downloadFile(name)}
            className={`${buttonClass("quiet", "small")} w-6.5 px-0!`}
          >
            <DownloadIcon size={14} />
          </a>
        </Tooltip>
      </div>
      {data === undefined ? (
        error === null ? (
          <Skeleton lines={8} />
        ) : (
          <EmptyState title={t.work.files.cannotOpen}>{error.message}</EmptyState>
        )
      ) : edits ? (
        <FileEditor
          key={path}
          conversation={conversation}
          path={path}
          stored={{ text: data.text ?? "", tag: data.tag }}
          onDirty={onDirty}
          onReload={() => void refetch()}
        />
      ) : (
        <FilePreview conversation={conversation} path={path} file={data} />
      )}
    </section>
  );
}
