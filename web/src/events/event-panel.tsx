import { memo, useState } from "react";
import { isAction, type Event } from "@deckhand/protocol";
import { useStickToEnd } from "../chat/stick-to-end.ts";

const windowSize = 300;

interface EventPanelProps {
  readonly events: readonly Event[];
  readonly onClose: () => void;
}

/** The log as it is. */
export function EventPanel({ events, onClose }: EventPanelProps) {
  const [shown, setShown] = useState(windowSize);
  const { scroller } = useStickToEnd();
  const hidden = Math.max(0, events.length - shown);
  return (
    <aside aria-label="Events" className="hidden w-80 shrink-0 flex-col border-l border-line bg-panel md:flex">
      <div className="flex items-center justify-between px-4 py-2.5">
        <h2 className="label-small">Events · {events.length}</h2>
        <button type="button" aria-label="Close the events" className="text-muted hover:text-ink" onClick={onClose}>
          ✕
        </button>
      </div>
      <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto pb-3">
        {hidden > 0 && (
          <button type="button" className="button mx-4 mb-2" onClick={() => setShown(shown + windowSize)}>
            Show earlier ({hidden})
          </button>
        )}
        <ol>
          {events.slice(hidden).map((event) => (
            <Row key={event.id} event={event} />
          ))}
        </ol>
      </div>
    </aside>
  );
}

const Row = memo(function Row({ event }: { readonly event: Event }) {
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
        <span className="sr-only">{isAction(event) ? "action" : "observation"}</span>
        <span className="shrink-0">{kind}</span>
        <span className="truncate text-muted">{detailOf(event)}</span>
      </button>
      {open && (
        <pre
          tabIndex={0}
          className="plain-text mx-4 my-1 max-h-96 overflow-auto rounded-lg bg-page p-2 font-mono text-[11px]"
        >
          {JSON.stringify(event, null, 2).slice(0, 40_000)}
        </pre>
      )}
    </li>
  );
});

function detailOf(event: Event): string {
  if (isAction(event)) return event.source === "agent" ? "" : event.source;
  if (event.observation === "agent_state_changed") return event.extras.agent_state;
  if (event.observation === "error") return event.extras.code;
  return event.cause === undefined ? "" : `of ${event.cause}`;
}
