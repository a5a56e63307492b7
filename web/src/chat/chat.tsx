import { useMemo, useState } from "react";
import type { ViewSnapshot } from "@deckhand/client";
import { Message } from "./message.tsx";
import { itemsOf } from "./items.ts";
import { Streaming } from "./streaming.tsx";
import { useStickToEnd } from "./stick-to-end.ts";

/** Items drawn at first, and with each "show earlier": enough for any screen, few enough to stay smooth. */
const windowSize = 300;

export function Chat({ snapshot }: { readonly snapshot: ViewSnapshot }) {
  const { events, state, streaming, caughtUp } = snapshot;
  const items = useMemo(() => itemsOf(events), [events]);
  const [shown, setShown] = useState(windowSize);
  const queued = useMemo(() => new Set(state.queued.map((message) => message.id)), [state.queued]);
  const { scroller, atEnd, toEnd } = useStickToEnd();
  const hidden = Math.max(0, items.length - shown);

  return (
    <div className="relative min-h-0 flex-1">
      <div ref={scroller} className="h-full overflow-y-auto" tabIndex={0} role="region" aria-label="Conversation">
        <div role="log" aria-busy={!caughtUp} className="mx-auto flex max-w-3xl flex-col gap-3 px-4 py-5">
          {hidden > 0 && (
            <button type="button" className="self-center" onClick={() => setShown(shown + windowSize)}>
              Show earlier ({hidden})
            </button>
          )}
          {items.slice(hidden).map((item) => (
            <Message
              key={`${item.type}${item.id}`}
              item={item}
              queued={queued.has(item.id)}
              waiting={state.awaiting?.id === item.id}
              live={item.type === "action" && item.observation === undefined ? streaming.get(item.id) : undefined}
            />
          ))}
          {!caughtUp && events.length === 0 && <p className="text-center text-sm text-muted">Loading…</p>}
          <Streaming reply={streaming.get("reply")} reasoning={streaming.get("reasoning")} />
        </div>
      </div>
      {!atEnd && (
        <button
          type="button"
          className="absolute bottom-3 left-1/2 -translate-x-1/2 rounded-full shadow-md"
          onClick={toEnd}
        >
          To the end ↓
        </button>
      )}
    </div>
  );
}
