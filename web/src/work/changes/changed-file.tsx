import { memo, useState } from "react";
import { ChevronDownIcon, ChevronRightIcon, FileIcon } from "@primer/octicons-react";
import { escapeInvisible, type FileDiff } from "@deckhand/protocol";
import { DiffView } from "../../diff/diff-view.tsx";
import { IconButton } from "../../ui/button.tsx";
import { useMessages } from "../../i18n/i18n.ts";
import type { Messages } from "../../i18n/messages.ts";

interface ChangedFileProps {
  readonly file: FileDiff;
  readonly split: boolean;
  readonly open: boolean;
  readonly onOpenFile: (path: string) => void;
}

const letters: Readonly<Record<FileDiff["status"], string>> = {
  added: "A",
  modified: "M",
  deleted: "D",
  renamed: "R",
  type_changed: "T",
};
const tones: Readonly<Record<FileDiff["status"], string>> = {
  added: "text-good",
  modified: "text-warn",
  deleted: "text-bad",
  renamed: "text-info",
  type_changed: "text-info",
};

export const ChangedFile = memo(function ChangedFile({ file, split, open: opens, onOpenFile }: ChangedFileProps) {
  const t = useMessages();
  const [open, setOpen] = useState(opens);
  const { path, old_path: oldPath, status } = file;
  const Chevron = open ? ChevronDownIcon : ChevronRightIcon;
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/") + 1) : "";
  return (
    <section className="border-b border-line">
      <h3 className="group sticky top-0 z-1 flex items-center gap-1 bg-page pr-2">
        <button
          type="button"
          aria-expanded={open}
          className="flex min-w-0 flex-1 items-center gap-2 py-1.5 pl-2.5 text-left text-sm hover:bg-raised"
          onClick={() => setOpen(!open)}
        >
          <span className="text-muted">
            <Chevron size={14} />
          </span>
          <span
            aria-hidden="true"
            className={`w-3 shrink-0 text-center font-mono text-xs font-semibold ${tones[status]}`}
          >
            {letters[status]}
          </span>
          <span className="sr-only">{t.work.changes.statuses[status]}</span>
          <span className="min-w-0 truncate" title={escapeInvisible(path)}>
            <span className="text-muted">{escapeInvisible(folder)}</span>
            {escapeInvisible(path.slice(folder.length))}
            {oldPath !== undefined && <span className="text-muted"> ← {escapeInvisible(oldPath)}</span>}
          </span>
          <span className="ml-auto flex shrink-0 gap-1.5 pl-2 text-xs tabular-nums">
            {file.added_lines > 0 && <span className="text-good">+{file.added_lines}</span>}
            {file.deleted_lines > 0 && <span className="text-bad">−{file.deleted_lines}</span>}
          </span>
        </button>
        {status !== "deleted" && (
          <IconButton
            icon={FileIcon}
            size="small"
            label={t.work.changes.openFile(path)}
            onClick={() => onOpenFile(path)}
          />
        )}
      </h3>
      {open && (
        <>
          {notes(file, t).map((note) => (
            <p key={note} className="px-4 py-2 text-xs text-muted">
              {note}
            </p>
          ))}
          {file.patch !== null && file.patch !== "" && (
            // Added and deleted files have one side only.
            <DiffView path={path} patch={file.patch} split={split && status !== "added" && status !== "deleted"} />
          )}
        </>
      )}
    </section>
  );
});

function notes(file: FileDiff, t: Messages): readonly string[] {
  const { binary, patch, truncated, old_mode: before, mode: after } = file;
  return [
    ...(before !== undefined && after !== undefined ? [t.work.changes.modeChanged(before, after)] : []),
    ...(binary ? [t.work.changes.binary] : []),
    ...(!binary && patch === null ? [t.work.changes.tooLarge] : []),
    ...(patch !== null && truncated ? [t.work.changes.truncated] : []),
    ...(!binary && patch === "" && before === undefined ? [t.work.changes.identical] : []),
  ];
}
