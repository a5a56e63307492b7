import { memo, useState } from "react";
import { isAction, type Event } from "@deckhand/protocol";
import { useStickToEnd } from "../use-stick-to-end.ts";
import { Button } from "../../ui/button.tsx";
import { useMessages } from "../../i18n/i18n.ts";
import type { Messages } from "../../i18n/messages.ts";
import type { WorkTabProps } from "../tab-props.ts";

const windowSize = 300;

/** The raw event log. */
export function EventsTab({ snapshot: { events } }: WorkTabProps) {
  const t = useMessages();
  const [shown, setShown] = useState(windowSize);
  const { scroller } = useStickToEnd();
  const hidden = Math.max(0, events.length - shown);
  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto py-2">
      {hidden > 0 && (
        <Button size="small" className="mx-4 mb-2" onClick={() => setShown(shown + windowSize)}>
          {t.work.events.showEarlier(hidden)}
        </Button>
      )}
      <ol aria-label={t.work.tabs.events}>
        {events.slice(hidden).map((event) => (
          <Row key={event.id} event={event} />
        ))}
      </ol>
    </div>
  );
}

const Row = memo(function Row({ event }: { readonly event: Event }) {
  const t = useMessages();
  const [open, setOpen] = useState(false);
  const kind = isAction(event) ? event.action : event.observation;
  return (
    <li>
      <button
        type="button"
        aria-expanded={open}
        className="flex w-full items-baseline gap-2 px-4 py-0.5 text-left font-mono text-xs hover:bg-raised"
        onClick={() => setOpen(!open)}
      >
        <span className="w-8 shrink-0 text-right text-muted tabular-nums">{event.id}</span>
        <span aria-hidden="true" className={isAction(event) ? "text-accent" : "text-muted"}>
          {isAction(event) ? "→" : "←"}
        </span>
        <span className="sr-only">{isAction(event) ? t.work.events.action : t.work.events.observation}</span>
        <span className="shrink-0">{kind}</span>
        <span className="truncate text-muted">{detailOf(event, t)}</span>
      </button>
      {open && (
        <pre tabIndex={0} className="plain-text mx-4 my-1 max-h-96 overflow-auto rounded-lg bg-code p-2 text-2xs">
          {JSON.stringify(event, null, 2).slice(0, 40_000)}
        </pre>
      )}
    </li>
  );
});

function detailOf(event: Event, t: Messages): string {
  if (isAction(event)) return event.source === "agent" ? "" : event.source;
  if (event.observation === "agent_state_changed") return event.extras.agent_state;
  if (event.observation === "error") return event.extras.code;
  return event.cause === undefined ? "" : t.work.events.cause(event.cause);
}
