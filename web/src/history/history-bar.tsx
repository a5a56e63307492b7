import { useMemo, useState } from "react";
import { ChevronLeftIcon, ChevronRightIcon, HistoryIcon, RepoForkedIcon, XIcon } from "@primer/octicons-react";
import { escapeInvisible, type ConversationState, type Event } from "@deckhand/protocol";
import { conversationUrl, navigate } from "../urls.ts";
import { client } from "../server.ts";
import { useCommands, type Command } from "../shell/commands.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { toast, toastFailure } from "../ui/toast.tsx";
import { formatCost, formatDateTime } from "../i18n/format.ts";
import { useMessages, currentMessages } from "../i18n/i18n.ts";
import { MarkerStrip } from "./marker-strip.tsx";
import { RestoreDialog } from "./restore-dialog.tsx";
import { markersOf, stepFrom } from "./markers.ts";

interface HistoryBarProps {
  readonly conversation: string;
  /** All events of the conversation. */
  readonly events: readonly Event[];
  readonly at: number;
  /** The state at that event. */
  readonly state: ConversationState;
  /** Undefined returns to the latest event. */
  readonly onGo: (at: number | undefined) => void;
}

/** A slider through the events of the conversation. It replaces the composer: messages cannot be sent to the past. */
export function HistoryBar({ conversation, events, at, state, onGo }: HistoryBarProps) {
  const t = useMessages();
  const [restoring, setRestoring] = useState(false);
  const last = Math.max(0, events.length - 1);
  const markers = useMemo(() => markersOf(events), [events]);
  const event = events[at];
  const message = event === undefined ? "" : firstLine(event.message);
  const step = (direction: 1 | -1): void => onGo(stepFrom(events, at, direction));

  const fork = async (): Promise<void> => {
    try {
      const { id } = await client.fork(conversation, at);
      navigate(conversationUrl(id));
      toast(currentMessages().history.forked);
    } catch (error) {
      toastFailure(error);
    }
  };

  useCommands(
    useMemo(
      (): readonly Command[] => [
        {
          id: "past-back",
          group: "conversation",
          label: (messages) => messages.history.previous,
          keys: ["alt+arrowleft", "["],
          run: () => onGo(stepFrom(events, at, -1)),
        },
        {
          id: "past-on",
          group: "conversation",
          label: (messages) => messages.history.next,
          keys: ["alt+arrowright", "]"],
          run: () => onGo(stepFrom(events, at, 1)),
        },
        {
          id: "past-leave",
          group: "conversation",
          label: (messages) => messages.history.returnToLatest,
          keys: ["escape"],
          run: () => onGo(undefined),
        },
      ],
      [events, at, onGo],
    ),
  );

  return (
    <section
      aria-label={t.history.history}
      className="rounded-xl border border-warn/50 bg-panel px-4 pt-2.5 pb-3 shadow-low"
    >
      <div className="flex items-baseline gap-3">
        <p role="status" className="min-w-0 flex-1 truncate text-sm">
          <span className="font-medium tabular-nums">{t.history.positionOf(at, last)}</span>
          {message !== "" && <span className="text-muted"> · {escapeInvisible(message)}</span>}
        </p>
        <p className="shrink-0 text-xs text-muted tabular-nums">
          {event !== undefined && <time dateTime={event.timestamp}>{formatDateTime(event.timestamp)}</time>}
          {" · "}
          {t.common.steps(state.usage.steps)} · {formatCost(state.usage.costUsd)}
        </p>
      </div>
      <div className="flex items-center gap-1 py-1.5">
        <IconButton
          icon={ChevronLeftIcon}
          size="small"
          label={t.history.previous}
          keys="["
          disabled={at <= 0}
          onClick={() => step(-1)}
        />
        <div className="min-w-0 flex-1">
          <MarkerStrip markers={markers} last={last} />
          <input
            type="range"
            min={0}
            max={last}
            value={at}
            aria-label={t.history.position}
            aria-valuetext={`${at}: ${message}`}
            className="block h-4 w-full accent-accent"
            onChange={(change) => onGo(Number(change.target.value))}
          />
        </div>
        <IconButton
          icon={ChevronRightIcon}
          size="small"
          label={t.history.next}
          keys="]"
          disabled={at >= last}
          onClick={() => step(1)}
        />
      </div>
      <div className="flex flex-wrap items-center gap-2">
        <Button size="small" icon={RepoForkedIcon} onClick={() => void fork()}>
          {t.history.fork}
        </Button>
        <Button size="small" icon={HistoryIcon} onClick={() => setRestoring(true)}>
          {t.history.restore}
        </Button>
        <span className="flex-1" />
        <Button size="small" tone="primary" icon={XIcon} keys="escape" onClick={() => onGo(undefined)}>
          {t.history.returnToLatest}
        </Button>
      </div>
      {restoring && (
        <RestoreDialog
          conversation={conversation}
          at={at}
          onClose={() => setRestoring(false)}
          onDone={() => onGo(undefined)}
        />
      )}
    </section>
  );
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0]?.slice(0, 200) ?? "";
}
