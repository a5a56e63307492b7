import { useMemo, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { HistoryIcon } from "@primer/octicons-react";
import { escapeInvisible } from "@deckhand/protocol";
import { historyFileUrl } from "../urls.ts";
import { client } from "../server.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { TextField } from "../ui/text-field.tsx";
import { formatSize } from "../i18n/format.ts";
import { useMessages } from "../i18n/i18n.ts";

/** Larger files can only be downloaded. */
const maxPreviewBytes = 512 * 1024;
const maxListed = 1000;

interface HistoryFilesProps {
  readonly conversation: string;
  readonly at: number;
}

/** The files of the workspace at an earlier event, read-only. */
export function HistoryFiles({ conversation, at }: HistoryFilesProps) {
  const t = useMessages();
  const [query, setQuery] = useState("");
  const [path, setPath] = useState<string>();
  const files = useQuery({
    queryKey: ["past-files", conversation, at],
    queryFn: ({ signal }) => client.historyFiles(conversation, at, signal),
    staleTime: Infinity,
    gcTime: 60_000,
    retry: false,
    placeholderData: (before) => before,
  });
  const found = useMemo(() => {
    const pattern = query.toLowerCase();
    return (files.data?.files ?? []).filter((file) => file.path.toLowerCase().includes(pattern));
  }, [files.data, query]);
  if (files.isPending) return <Skeleton lines={6} />;
  if (files.data === undefined) {
    return (
      <EmptyState icon={HistoryIcon} title={t.history.noFiles}>
        {files.error?.message}
      </EmptyState>
    );
  }
  const open = files.data.files.find((file) => file.path === path);
  return (
    <section aria-label={t.history.files} className="flex min-h-0 flex-1 flex-col">
      <div className="border-b border-line px-3 py-2">
        <TextField label={t.history.findFile} value={query} placeholder={t.history.findFile} onChange={setQuery} />
      </div>
      <ul
        className={`min-h-0 overflow-y-auto py-1 text-sm ${open === undefined ? "flex-1" : "max-h-2/5 border-b border-line"}`}
      >
        {found.slice(0, maxListed).map((file) => (
          <li key={file.path}>
            <button
              type="button"
              aria-pressed={file.path === path}
              className="flex w-full items-baseline gap-2 px-4 py-0.5 text-left hover:bg-raised aria-pressed:bg-active"
              onClick={() => setPath(file.path === path ? undefined : file.path)}
            >
              <span className="min-w-0 flex-1 truncate font-mono text-xs">{escapeInvisible(file.path)}</span>
              <span className="shrink-0 text-xs text-muted tabular-nums">{formatSize(file.size_bytes)}</span>
            </button>
          </li>
        ))}
        {found.length > maxListed && (
          <li className="px-4 py-1 text-xs text-muted">{t.common.moreItems(found.length - maxListed)}</li>
        )}
        {found.length === 0 && <li className="px-4 py-1 text-muted">{t.history.noFiles}</li>}
      </ul>
      {open !== undefined && (
        <HistoryFile
          key={`${at} ${open.path}`}
          conversation={conversation}
          at={at}
          path={open.path}
          size={open.size_bytes}
        />
      )}
    </section>
  );
}

interface HistoryFileProps extends HistoryFilesProps {
  readonly path: string;
  readonly size: number;
}

function HistoryFile({ conversation, at, path, size }: HistoryFileProps) {
  const t = useMessages();
  const address = historyFileUrl(conversation, at, path);
  const isLarge = size > maxPreviewBytes;
  const content = useQuery({
    queryKey: ["past-file", conversation, at, path],
    queryFn: async ({ signal }) => {
      const response = await fetch(address, { signal });
      if (!response.ok) throw new Error(t.history.noFiles);
      const type = response.headers.get("content-type") ?? "";
      if (type.startsWith("text/")) return { text: await response.text() };
      return { text: undefined, isImage: type.startsWith("image/") };
    },
    enabled: !isLarge,
    staleTime: Infinity,
    gcTime: 60_000,
    retry: false,
  });
  const text = content.data?.text;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex items-center gap-2 px-4 py-1.5">
        <h3 className="min-w-0 flex-1 truncate font-mono text-xs">{escapeInvisible(path)}</h3>
        {text !== undefined && <CopyButton text={() => text} />}
        <a href={address} download className="text-xs text-accent hover:underline">
          {t.common.download}
        </a>
      </div>
      {text !== undefined && (
        <pre tabIndex={0} className="min-h-0 flex-1 overflow-auto bg-code px-4 py-2 text-xs leading-5">
          {escapeInvisible(text)}
        </pre>
      )}
      {content.data?.isImage === true && (
        <img src={address} alt={escapeInvisible(path)} className="m-4 max-h-full max-w-full self-center" />
      )}
      {(isLarge || content.data?.isImage === false) && (
        <p className="px-4 py-2 text-sm text-muted">{t.history.cannotPreview}</p>
      )}
      {content.error !== null && (
        <p role="alert" className="px-4 py-2 text-sm text-bad">
          {content.error.message}
        </p>
      )}
    </div>
  );
}
