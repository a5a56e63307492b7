import { useEffect, useRef, type KeyboardEvent } from "react";
import {
  ChevronDownIcon,
  ChevronRightIcon,
  FileDirectoryFillIcon,
  FileIcon,
  FileSymlinkFileIcon,
} from "@primer/octicons-react";
import { escapeInvisible } from "@deckhand/protocol";
import { formatSize } from "../../i18n/format.ts";
import { useMessages } from "../../i18n/i18n.ts";
import { parentOf, type TreeRow } from "./tree.ts";

interface FileTreeProps {
  readonly rows: readonly TreeRow[];
  /** The open file, or the folder that was clicked last. */
  readonly chosen: string;
  readonly onToggle: (path: string) => void;
  readonly onChoose: (path: string) => void;
}

const indents = ["pl-2", "pl-5", "pl-8", "pl-11", "pl-14", "pl-17", "pl-20"];

/** A tree with the keys of the ARIA practices: up, down, right to open, left to close or go up, letters to jump. */
export function FileTree({ rows, chosen, onToggle, onChoose }: FileTreeProps) {
  const t = useMessages();
  const list = useRef<HTMLDivElement>(null);
  const focused = useRef(chosen);
  useEffect(() => {
    focused.current = chosen;
  }, [chosen]);

  const focus = (path: string | undefined): void => {
    if (path === undefined) return;
    focused.current = path;
    list.current?.querySelector<HTMLElement>(`[data-path="${CSS.escape(path)}"]`)?.focus();
  };
  const act = (row: TreeRow): void => (row.isFolder ? onToggle(row.path) : onChoose(row.path));
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = rows.findIndex(({ path }) => path === focused.current);
    const row = rows[at];
    if (row === undefined || event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.key === "ArrowDown") focus(rows[at + 1]?.path);
    else if (event.key === "ArrowUp") focus(rows[at - 1]?.path);
    else if (event.key === "Home") focus(rows[0]?.path);
    else if (event.key === "End") focus(rows.at(-1)?.path);
    else if (event.key === "Enter" || event.key === " ") act(row);
    else if (event.key === "ArrowRight" && row.isFolder) {
      if (row.isOpen) focus(rows[at + 1]?.path);
      else onToggle(row.path);
    } else if (event.key === "ArrowLeft") {
      if (row.isOpen) onToggle(row.path);
      else focus(parentOf(row.path));
    } else if (event.key.length === 1) {
      const order = [...rows.slice(at + 1), ...rows.slice(0, at)];
      focus(order.find(({ name }) => name.toLowerCase().startsWith(event.key.toLowerCase()))?.path);
    } else return;
    event.preventDefault();
  };

  const entered = rows.some(({ path }) => path === chosen) ? chosen : rows[0]?.path;
  return (
    // oxlint-disable-next-line jsx-a11y/interactive-supports-focus -- its rows take the focus (roving tabindex)
    <div
      ref={list}
      role="tree"
      aria-label={t.work.tabs.files}
      data-keys="own"
      className="py-1 text-sm"
      onKeyDown={onKeyDown}
    >
      {rows.map((row) => {
        const { path, name, depth, entry } = row;
        const Mark = row.isFolder ? FileDirectoryFillIcon : entry.type === "link" ? FileSymlinkFileIcon : FileIcon;
        return (
          <div
            key={path}
            role="treeitem"
            tabIndex={path === entered ? 0 : -1}
            data-path={path}
            aria-level={depth + 1}
            aria-selected={path === chosen}
            aria-expanded={row.isFolder ? row.isOpen : undefined}
            className={`flex h-6.5 cursor-pointer items-center gap-1.5 pr-2 outline-offset-[-2px] select-none ${indents[depth] ?? "pl-23"} ${
              path === chosen ? "bg-active" : "hover:bg-raised"
            } ${entry.ignored || entry.hidden ? "text-muted" : ""}`}
            title={entry.ignored ? t.work.files.ignored(escapeInvisible(name)) : undefined}
            onFocus={() => (focused.current = path)}
            onClick={() => act(row)}
            onKeyDown={() => {}}
          >
            <span className="inline-flex w-3 shrink-0 text-muted">
              {row.isFolder && (row.isOpen ? <ChevronDownIcon size={12} /> : <ChevronRightIcon size={12} />)}
            </span>
            <span className={`shrink-0 ${row.isFolder ? "text-info" : "text-muted"}`}>
              <Mark size={14} />
            </span>
            <span className="min-w-0 flex-1 truncate">{escapeInvisible(name)}</span>
            {!row.isFolder && (
              <span className="shrink-0 text-2xs text-muted tabular-nums">{formatSize(entry.size_bytes)}</span>
            )}
          </div>
        );
      })}
    </div>
  );
}
