import { useCallback, useState } from "react";
import { FileBinaryIcon } from "@primer/octicons-react";
import { useQuery } from "@tanstack/react-query";
import { fileUrl } from "../../urls.ts";
import { client } from "../../server.ts";
import { Button, buttonClass } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { formatSize } from "../../i18n/format.ts";
import { useMessages } from "../../i18n/i18n.ts";
import type { LoadedFile } from "./use-file.ts";

interface FilePreviewProps {
  readonly conversation: string;
  readonly path: string;
  readonly file: LoadedFile;
}

/** Previews a file that is not edited. Nothing in it can run: an SVG is shown as an image. */
export function FilePreview({ conversation, path, file }: FilePreviewProps) {
  const t = useMessages();
  const address = `${fileUrl(conversation, path)}&state=${encodeURIComponent(file.tag)}`;
  const name = path.split("/").at(-1) ?? path;
  switch (file.kind) {
    case "image":
      return <Picture address={address} name={name} />;
    case "svg":
      return <Drawn text={file.text ?? ""} name={name} />;
    case "audio":
      return (
        <div className="flex flex-1 items-center justify-center p-6">
          {/* oxlint-disable-next-line jsx-a11y/media-has-caption -- it has none */}
          <audio controls src={address} aria-label={name} className="w-full max-w-lg" />
        </div>
      );
    case "video":
      return (
        <div className="flex min-h-0 flex-1 items-center justify-center bg-code p-3">
          {/* oxlint-disable-next-line jsx-a11y/media-has-caption -- it has none */}
          <video controls src={address} aria-label={name} className="max-h-full max-w-full" />
        </div>
      );
    case "pdf":
      return <Pdf conversation={conversation} path={path} tag={file.tag} name={name} />;
    case "text":
    case "large":
    case "binary":
      return (
        <EmptyState
          icon={FileBinaryIcon}
          title={file.kind === "large" ? t.work.files.tooLargeToEdit : t.work.files.cannotDisplay}
          actions={
            <a href={address} download={name} className={buttonClass()}>
              {t.common.download}
            </a>
          }
        >
          {formatSize(file.sizeBytes)}
        </EmptyState>
      );
  }
}

function Picture({ address, name }: { readonly address: string; readonly name: string }) {
  const [size, setSize] = useState("");
  return (
    <div className="flex min-h-0 flex-1 flex-col items-center justify-center gap-2 overflow-auto bg-code p-4">
      <img
        src={address}
        alt={name}
        className="checkered max-h-full max-w-full rounded-md"
        onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => setSize(`${naturalWidth} × ${naturalHeight}`)}
      />
      <p className="h-4 text-2xs text-muted tabular-nums">{size}</p>
    </div>
  );
}

/** Shows an SVG as an image, where it runs no script and makes no requests. */
function Drawn({ text, name }: { readonly text: string; readonly name: string }) {
  const show = useCallback((image: HTMLImageElement) => withBlob(image, text, "image/svg+xml"), [text]);
  return (
    <div className="flex min-h-0 flex-1 items-center justify-center overflow-auto bg-code p-4">
      <img ref={show} alt={name} className="checkered max-h-full max-w-full rounded-md" />
    </div>
  );
}

interface PdfProps {
  readonly conversation: string;
  readonly path: string;
  readonly tag: string;
  readonly name: string;
}

function Pdf({ conversation, path, tag, name }: PdfProps) {
  const t = useMessages();
  const { data: bytes } = useQuery({
    queryKey: ["bytes", conversation, path, tag],
    queryFn: async ({ signal }) =>
      new Response((await client.files.read(conversation, path, signal)).bytes).arrayBuffer(),
    staleTime: Infinity,
    gcTime: 0,
  });
  const show = useCallback(
    (frame: HTMLIFrameElement) => (bytes === undefined ? undefined : withBlob(frame, bytes, "application/pdf")),
    [bytes],
  );
  if (bytes === undefined) return <Skeleton />;
  const openInTab = (): void => {
    const address = URL.createObjectURL(new Blob([bytes], { type: "application/pdf" }));
    window.open(address, "_blank", "noopener");
    // The new tab has loaded it by then.
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  };
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      {/* oxlint-disable-next-line react/iframe-missing-sandbox -- the browser's own viewer does not run in a sandbox; a PDF has no origin's rights in it */}
      <iframe ref={show} title={name} className="min-h-0 flex-1 bg-code" />
      <p className="flex h-9 shrink-0 items-center gap-2 border-t border-line px-3 text-xs text-muted">
        <Button size="small" onClick={openInTab}>
          {t.common.openInNewTab}
        </Button>
      </p>
    </div>
  );
}

/** Shows bytes of a type through an object URL for as long as the element is mounted. */
function withBlob(element: HTMLImageElement | HTMLIFrameElement, part: string | ArrayBuffer, type: string): () => void {
  const address = URL.createObjectURL(new Blob([part], { type }));
  // The fragment makes the PDF viewer hide its panes and fit the width; images ignore it.
  element.src = element instanceof HTMLIFrameElement ? `${address}#navpanes=0&view=FitH` : address;
  return () => URL.revokeObjectURL(address);
}
