import {
  AlertFillIcon,
  CheckCircleFillIcon,
  CommentDiscussionIcon,
  DotFillIcon,
  MeterIcon,
  ShieldIcon,
  SquareFillIcon,
  XCircleFillIcon,
  type Icon,
} from "@primer/octicons-react";
import type { ConversationRow } from "@deckhand/client";
import { Spinner } from "../ui/progress.tsx";
import type { Messages } from "../i18n/messages.ts";
import { isBusy } from "./rows.ts";

/** The state of a conversation as an icon; its label is shown beside it. */
export function StateIcon({ row }: { readonly row: ConversationRow }) {
  if (isBusy(row) && row.waiting === null) return <Spinner size={12} />;
  const [Mark, tone] = iconOf(row);
  return (
    <span aria-hidden="true" className={`inline-flex w-3 shrink-0 justify-center ${tone}`}>
      <Mark size={12} />
    </span>
  );
}

function iconOf({ waiting, agent_state: state }: ConversationRow): readonly [Icon, string] {
  switch (waiting?.kind) {
    case "approval":
      return [ShieldIcon, "text-warn"];
    case "question":
      return [CommentDiscussionIcon, "text-info"];
    case "limit":
      return [MeterIcon, "text-warn"];
    case "failed":
      return [AlertFillIcon, "text-bad"];
    case "paused":
      return [SquareFillIcon, "text-warn"];
    default:
  }
  if (state === "finished") return [CheckCircleFillIcon, "text-good"];
  if (state === "rejected") return [XCircleFillIcon, "text-bad"];
  if (state === "stopped" || state === "paused") return [SquareFillIcon, "text-muted"];
  return [DotFillIcon, "text-muted"];
}

export function rowLabel({ waiting, agent_state: state }: ConversationRow, t: Messages): string {
  return waiting === null ? t.conversations.states[state ?? "init"] : t.conversations.waitingStates[waiting.kind];
}
