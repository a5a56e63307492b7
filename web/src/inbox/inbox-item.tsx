import { useState, type SubmitEvent } from "react";
import {
  AlertIcon,
  ArchiveIcon,
  ArrowUpRightIcon,
  CommentDiscussionIcon,
  EyeIcon,
  MeterIcon,
  PlayIcon,
  type Icon,
} from "@primer/octicons-react";
import type { InboxItem } from "@deckhand/client";
import { conversationUrl, settingsUrl } from "../urls.ts";
import { answerApproval } from "../approval/answer.ts";
import { EscapedText } from "../approval/escaped-text.tsx";
import { ApprovalCard } from "../approval/approval-card.tsx";
import { listStore } from "../conversations/list-store.ts";
import { needsYou } from "../conversations/rows.ts";
import { client } from "../server.ts";
import { Link } from "../shell/link.tsx";
import { Button, IconButton, buttonClass } from "../ui/button.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { TextField } from "../ui/text-field.tsx";
import { toastFailure } from "../ui/toast.tsx";
import { formatRelativeTime } from "../i18n/format.ts";
import { useMessages } from "../i18n/i18n.ts";
import { usePendingAction } from "./use-pending-action.ts";

interface InboxItemProps {
  readonly item: InboxItem;
  /** Whether its keyboard shortcuts are bound. */
  readonly current: boolean;
  readonly onFocus: () => void;
}

export function InboxItemView({ item, current, onFocus }: InboxItemProps) {
  return (
    <div onFocus={onFocus} className={current ? "rounded-xl ring-2 ring-accent/40" : ""}>
      {item.waiting.kind === "approval" ? <ApprovalItem item={item} current={current} /> : <WaitingItem item={item} />}
    </div>
  );
}

function ApprovalItem({ item, current }: { readonly item: InboxItem; readonly current: boolean }) {
  const action = usePendingAction(item);
  if (action === undefined) return <Skeleton lines={2} />;
  return (
    <ApprovalCard
      key={action.id}
      action={action}
      hasShortcuts={current}
      header={<ItemHeader item={item} />}
      conversationTitle={item.title}
      onAnswer={(decision, reason) => answerApproval(item.id, action.id, decision, reason)}
    />
  );
}

function ItemHeader({ item }: { readonly item: InboxItem }) {
  const t = useMessages();
  return (
    <p className="flex min-w-0 items-center gap-2 text-xs text-muted">
      <Link
        href={conversationUrl(item.id)}
        className="flex min-w-0 items-center gap-1 font-medium text-soft hover:text-ink hover:underline"
      >
        <span className="truncate">{item.title || t.common.untitled}</span>
        <ArrowUpRightIcon size={12} className="shrink-0" />
      </Link>
      {item.parent !== null && (
        <Link href={conversationUrl(item.parent)} className="min-w-0 truncate hover:underline">
          {t.approval.forConversation(listStore.titleOf(item.parent) || t.common.untitled)}
        </Link>
      )}
      <span className="shrink-0">{formatRelativeTime(item.updated_at)}</span>
    </p>
  );
}

const icons: Readonly<Record<Exclude<InboxItem["waiting"]["kind"], "approval">, Icon>> = {
  question: CommentDiscussionIcon,
  limit: MeterIcon,
  paused: PlayIcon,
  failed: AlertIcon,
};

function WaitingItem({ item }: { readonly item: InboxItem }) {
  const t = useMessages();
  const { id, waiting, head } = item;
  const kind = waiting.kind === "approval" ? "question" : waiting.kind;
  const Mark = icons[kind];
  const [text, setText] = useState("");
  const isUnseen = needsYou(item);

  const send = (event: SubmitEvent): void => {
    event.preventDefault();
    const content = text.trim();
    if (content === "") return;
    setText("");
    client.send(id, "message", { content }).catch((error: unknown) => {
      setText((typed) => typed || content);
      toastFailure(error);
    });
  };
  const resume = (): void => {
    client.send(id, "change_agent_state", { agent_state: "running", thought: "" }).catch(toastFailure);
  };

  return (
    <article className="flex flex-col gap-2.5 rounded-xl border border-line bg-panel p-3.5 text-sm shadow-low">
      <div className="flex items-center gap-2">
        <Mark size={16} className={kind === "failed" ? "text-bad" : isUnseen ? "text-warn" : "text-muted"} />
        <span className="shrink-0 font-medium">{t.conversations.waitingStates[kind]}</span>
        <span className="min-w-0 flex-1">
          <ItemHeader item={item} />
        </span>
        {isUnseen && (
          <IconButton
            icon={EyeIcon}
            label={t.inbox.markAsSeen}
            size="small"
            onClick={() => void client.change(id, { seen: head }).catch(toastFailure)}
          />
        )}
        <IconButton
          icon={ArchiveIcon}
          label={t.conversations.archive}
          size="small"
          onClick={() => void client.change(id, { archived: true, seen: head }).catch(toastFailure)}
        />
      </div>
      {waiting.text !== "" && (
        <p className="plain-text line-clamp-6 text-soft">
          <EscapedText text={waiting.text} />
        </p>
      )}
      <div className="flex flex-wrap items-center gap-2">
        {kind !== "failed" && (
          <form onSubmit={send} className="flex min-w-52 flex-1 gap-2">
            <TextField
              className="flex-1"
              label={t.inbox.reply}
              placeholder={t.inbox.replyPlaceholder}
              value={text}
              onChange={setText}
            />
            <Button type="submit" disabled={text.trim() === ""}>
              {t.common.send}
            </Button>
          </form>
        )}
        {(kind === "limit" || kind === "paused" || kind === "failed") && (
          <Button icon={PlayIcon} onClick={resume}>
            {t.inbox.continue}
          </Button>
        )}
        {kind === "failed" && (
          <Link href={settingsUrl("models")} className={buttonClass("quiet")}>
            {t.inbox.modelSettings}
          </Link>
        )}
      </div>
    </article>
  );
}
