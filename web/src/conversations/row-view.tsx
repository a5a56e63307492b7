import {
  ArchiveIcon,
  DownloadIcon,
  KebabHorizontalIcon,
  PencilIcon,
  PinIcon,
  PinSlashIcon,
  RepoForkedIcon,
  TrashIcon,
} from "@primer/octicons-react";
import type { ConversationRow } from "@deckhand/client";
import { conversationUrl, exportUrl, navigate } from "../urls.ts";
import { client } from "../server.ts";
import { Link } from "../shell/link.tsx";
import { Menu, MenuItem, MenuLink, MenuSeparator } from "../ui/menu.tsx";
import { toast, toastFailure } from "../ui/toast.tsx";
import { formatRelativeTime } from "../i18n/format.ts";
import { useMessages } from "../i18n/i18n.ts";
import { isUnseen } from "./rows.ts";
import { rowLabel, StateIcon } from "./state-icon.tsx";

interface RowViewProps {
  readonly row: ConversationRow;
  readonly depth: number;
  readonly isCurrent: boolean;
  readonly onRename: () => void;
  readonly onDelete: () => void;
}

const insets = ["pl-2", "pl-6", "pl-10"] as const;

export function RowView({ row, depth, isCurrent, onRename, onDelete }: RowViewProps) {
  const t = useMessages();
  const title = row.title || t.common.untitled;
  return (
    <>
      <Link
        href={conversationUrl(row.id)}
        current={isCurrent}
        className={`block rounded-md py-1.5 pr-8 ${insets[Math.min(depth, 2)]} ${isCurrent ? "bg-active" : "hover:bg-raised"}`}
      >
        <span className="flex items-center gap-2">
          <StateIcon row={row} />
          <span
            className={`min-w-0 flex-1 truncate text-sm ${isUnseen(row) ? "font-semibold" : "font-medium text-soft"}`}
          >
            {title}
          </span>
          {row.pinned && (
            <span className="shrink-0 text-muted">
              <PinIcon size={12} aria-label={t.conversations.pinned} />
            </span>
          )}
        </span>
        <span className="block truncate pl-4.5 text-xs text-muted">
          {rowLabel(row, t)} · {formatRelativeTime(row.updated_at)}
          {row.archived && ` · ${t.conversations.archived}`}
        </span>
      </Link>
      <Menu
        trigger={
          <button
            type="button"
            aria-label={t.conversations.menuOf(title)}
            className="absolute top-1.5 right-1 rounded-md p-1 text-muted opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 hover:bg-active hover:text-ink data-popup-open:opacity-100 max-md:opacity-100"
          >
            <KebabHorizontalIcon size={14} />
          </button>
        }
      >
        <MenuItem
          icon={row.pinned ? PinSlashIcon : PinIcon}
          onChoose={() => void client.change(row.id, { pinned: !row.pinned }).catch(toastFailure)}
        >
          {row.pinned ? t.conversations.unpin : t.conversations.pin}
        </MenuItem>
        <MenuItem icon={PencilIcon} onChoose={onRename}>
          {t.conversations.rename}
        </MenuItem>
        <MenuItem
          icon={ArchiveIcon}
          onChoose={() => void archive(row, t.conversations.conversationArchived, t.common.undo).catch(toastFailure)}
        >
          {row.archived ? t.conversations.unarchive : t.conversations.archive}
        </MenuItem>
        <MenuItem icon={RepoForkedIcon} onChoose={() => void fork(row.id).catch(toastFailure)}>
          {t.conversations.fork}
        </MenuItem>
        <MenuSeparator />
        {exports.map(([format, name]) => (
          <MenuLink key={format} icon={DownloadIcon} href={exportUrl(row.id, format)} download>
            {t.conversations.exportAs(name)}
          </MenuLink>
        ))}
        <MenuSeparator />
        <MenuItem icon={TrashIcon} tone="danger" onChoose={onDelete}>
          {t.conversations.delete}
        </MenuItem>
      </Menu>
    </>
  );
}

const exports = [
  ["markdown", "Markdown"],
  ["html", "HTML"],
  ["jsonl", "JSON lines"],
] as const;

async function fork(id: string): Promise<void> {
  navigate(conversationUrl((await client.fork(id)).id));
}

async function archive({ id, archived }: ConversationRow, done: string, undo: string): Promise<void> {
  await client.change(id, { archived: !archived });
  if (archived) return;
  const back = (): void => void client.change(id, { archived: false }).catch(toastFailure);
  toast(done, { action: { label: undo, run: back } });
}
