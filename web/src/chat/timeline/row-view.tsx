import { memo } from "react";
import { AlertIcon } from "@primer/octicons-react";
import type { ChildReport, ConversationState } from "@deckhand/protocol";
import { ActionCard } from "../../actions/action-card.tsx";
import { formatCost, formatDuration } from "../../i18n/format.ts";
import { useMessages } from "../../i18n/i18n.ts";
import { ResultCard } from "../messages/result-card.tsx";
import type { ItemOf } from "../items/item.ts";
import { noteText } from "../items/note-text.ts";
import type { Row } from "../items/rows.ts";
import { AgentMessage } from "../messages/agent-message.tsx";
import { Reasoning } from "../messages/reasoning.tsx";
import { UserMessage } from "../messages/user-message.tsx";

interface RowViewProps {
  readonly row: Row;
  /** Output so far of a running action. */
  readonly live: string | undefined;
  /** The action needs approval before it runs. */
  readonly waiting: boolean;
  /** The subagent of a delegated task. */
  readonly child: ChildReport | undefined;
  readonly files: ConversationState["fileChanges"];
}

/** Renders again only if its item is a different object. */
export const RowView = memo(function RowView({ row, live, waiting, child, files }: RowViewProps) {
  switch (row.type) {
    case "user":
      return <UserMessage id={row.id} text={row.text} images={row.images} />;
    case "queued":
      return <UserMessage id={row.id} text={row.text} images={row.images} pending="queued" />;
    case "unsent":
      return <UserMessage id={undefined} text={row.message.text} images={row.message.images} pending="unsent" />;
    case "message":
      return <AgentMessage id={row.id} text={row.text} step={row.step} />;
    case "reasoning":
      return <Reasoning id={row.id} text={row.text} durationMs={row.durationMs} step={row.step} />;
    case "streaming":
      return row.what === "message" ? (
        <AgentMessage id={undefined} text={row.text} step={undefined} />
      ) : (
        <Reasoning id={undefined} text={row.text} durationMs={undefined} step={undefined} />
      );
    case "result":
      return <ResultCard action={row.action} files={files} />;
    case "action":
      return (
        <ActionCard
          action={row.action}
          observation={row.observation}
          live={live}
          waiting={waiting}
          child={child}
          step={row.step}
        />
      );
    case "turn-end":
      return <TurnEnd turn={row} />;
    case "note":
      return <Note note={row} />;
  }
});

function TurnEnd({ turn }: { readonly turn: ItemOf<"turn-end"> }) {
  const t = useMessages();
  const { durationMs, steps, costUsd, priced } = turn;
  const cost = priced
    ? formatCost(costUsd)
    : costUsd > 0
      ? t.common.costAtLeast(formatCost(costUsd))
      : t.common.costUnknown;
  return (
    <p className="flex items-center gap-3 py-1.5 text-2xs text-muted tabular-nums">
      {t.timeline.workedFor(formatDuration(durationMs))} · {t.common.steps(steps)} · {cost}
      <span className="h-px flex-1 bg-line" />
    </p>
  );
}

function Note({ note }: { readonly note: ItemOf<"note"> }) {
  const t = useMessages();
  const { tone } = note;
  const text = noteText(note, t);
  if (tone === "quiet") return <p className="plain-text py-0.5 text-center text-xs text-muted">{text}</p>;
  return (
    <p
      className={`plain-text flex gap-2 rounded-lg px-3 py-2 text-sm ${
        tone === "bad" ? "bg-bad-soft text-bad" : "bg-warn-soft text-warn"
      }`}
    >
      <span className="mt-0.5 shrink-0">
        <AlertIcon size={14} />
      </span>
      <span className="min-w-0">
        {tone === "bad" && <span className="sr-only">{t.common.error}: </span>}
        {text}
      </span>
    </p>
  );
}
