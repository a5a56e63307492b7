import { useEffect, useState } from "react";
import { FileIcon, XIcon } from "@primer/octicons-react";
import { toast } from "../ui/toast.tsx";
import { formatSize } from "../i18n/format.ts";
import { useMessages, currentMessages } from "../i18n/i18n.ts";
import { isImage, maxImages, toDataUrl } from "./image.ts";

export interface Attachment {
  readonly id: string;
  readonly name: string;
  readonly file: File;
  /** A data URL; undefined for files, which are uploaded to the workspace. */
  readonly image: string | undefined;
}

interface Attachments {
  readonly all: readonly Attachment[];
  readonly add: (files: readonly File[]) => void;
  readonly remove: (id: string) => void;
  readonly set: (all: readonly Attachment[]) => void;
}

export function useAttachments(): Attachments {
  const [all, set] = useState<readonly Attachment[]>([]);
  const add = (files: readonly File[]): void => {
    for (const file of files) void addFile(file);
  };
  const addFile = async (file: File): Promise<void> => {
    const t = currentMessages();
    const image = isImage(file) ? await toDataUrl(file) : undefined;
    if (isImage(file) && image === undefined) toast(t.composer.imageTooLarge(file.name), { tone: "bad" });
    const attachment: Attachment = { id: `${file.name} ${performance.now()}`, name: file.name, file, image };
    set((current) => {
      const imageCount = current.filter((each) => each.image !== undefined).length;
      // Images above the limit are uploaded as files.
      return [...current, imageCount >= maxImages ? { ...attachment, image: undefined } : attachment];
    });
  };
  return { all, add, remove: (id) => set((current) => current.filter((each) => each.id !== id)), set };
}

export function AttachmentList({ all, remove }: Pick<Attachments, "all" | "remove">) {
  const t = useMessages();
  if (all.length === 0) return null;
  return (
    <ul className="flex flex-wrap gap-2 px-2 pt-2">
      {all.map(({ id, name, file, image }) => (
        <li
          key={id}
          className="flex h-12 max-w-56 items-center gap-2 overflow-hidden rounded-lg border border-line bg-page pr-1 text-xs"
        >
          {image === undefined ? (
            <span className="pl-2.5 text-muted">
              <FileIcon size={16} />
            </span>
          ) : (
            <img src={image} alt="" className="size-12 object-cover" />
          )}
          <span className="min-w-0">
            <span className="block truncate font-medium">{name}</span>
            <span className="block text-2xs text-muted">{formatSize(file.size)}</span>
          </span>
          <button
            type="button"
            aria-label={t.composer.removeAttachment(name)}
            className="rounded-sm p-1 text-muted hover:bg-raised hover:text-ink"
            onClick={() => remove(id)}
          >
            <XIcon size={12} />
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Accepts files dropped anywhere on the page; true while files are dragged over it. */
export function useDrop(onFiles: (files: readonly File[]) => void, enabled: boolean): boolean {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    if (!enabled) return;
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") === true;
    const onOver = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const onLeave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent): void => {
      setOver(false);
      if (event.defaultPrevented || !hasFiles(event)) return;
      event.preventDefault();
      onFiles([...(event.dataTransfer?.files ?? [])]);
    };
    document.addEventListener("dragover", onOver);
    document.addEventListener("dragleave", onLeave);
    document.addEventListener("drop", onDrop);
    return () => {
      document.removeEventListener("dragover", onOver);
      document.removeEventListener("dragleave", onLeave);
      document.removeEventListener("drop", onDrop);
    };
  }, [onFiles, enabled]);
  return isOver;
}
