/**
 * A conversation as an async iterable. It buffers a bounded number of items: when the reader falls behind, it
 * unsubscribes, and resumes from the log later.
 */
import type { DeckhandError, Delta, Event } from "@deckhand/protocol";
import type { Subscriptions } from "../socket/subscriptions.ts";

export interface FollowOptions {
  /** Id of the last event that the caller has; by default -1, for all events. */
  readonly after?: number;
  /** Include streamed text; false by default. */
  readonly deltas?: boolean;
  readonly signal?: AbortSignal;
}

export type Followed =
  | { readonly type: "event"; readonly event: Event }
  | { readonly type: "delta"; readonly delta: Delta }
  /** Everything up to event `id` has been delivered; what follows is live. Sent again after a reconnect. */
  | { readonly type: "caught_up"; readonly id: number };

const maxItems = 1_000;

/**
 * Yields each event once, in order and without gaps, across reconnects. Ends when the signal aborts or the client is
 * closed; fails with a `DeckhandError` when the server refuses (`unknown_conversation`, `unauthorized` …).
 */
export async function* follow(
  subscriptions: Subscriptions,
  conversation: string,
  options: FollowOptions = {},
): AsyncGenerator<Followed, void, void> {
  const { after = -1, deltas = false, signal } = options;
  let queue: Followed[] = [];
  let last = after;
  let ended: { readonly reason: DeckhandError | undefined } | undefined;
  let stop: (() => void) | undefined;
  let wake: (() => void) | undefined;

  const push = (item: Followed): void => {
    queue.push(item);
    if (queue.length >= maxItems) {
      stop?.();
      stop = undefined;
    }
    wake?.();
  };
  const end = (reason: DeckhandError | undefined): void => {
    ended = { reason };
    wake?.();
  };
  const start = (): (() => void) =>
    subscriptions.add(conversation, {
      last,
      deltas,
      onEvent: (event) => {
        last = event.id;
        push({ type: "event", event });
      },
      onDelta: (delta) => push({ type: "delta", delta }),
      onCaughtUp: (id) => push({ type: "caught_up", id }),
      onDown: () => {},
      onEnd: end,
    });
  const abort = (): void => end(undefined);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted === true) abort();

  const aborted = (): boolean => signal?.aborted === true;
  try {
    while (!aborted()) {
      const items = queue;
      queue = [];
      for (const item of items) {
        yield item;
        if (aborted()) return;
      }
      if (queue.length > 0) continue;
      if (ended !== undefined) {
        if (ended.reason !== undefined) throw ended.reason;
        return;
      }
      stop ??= start();
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (queue.length > 0 || ended !== undefined) resolve();
      });
    }
  } finally {
    stop?.();
    signal?.removeEventListener("abort", abort);
  }
}
