/**
 * One socket's subscription to the list of all conversations. Changes are read once the socket has room for them, and
 * no more often than a screen can use. In between, the store keeps only which conversations changed, however often.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { ServerFrame } from "@deckhand/protocol";
import type { ConversationsApi } from "../../conversation/api.ts";
import { toWireRow } from "../../wire/conversation-row.ts";
import type { Socket } from "../socket.ts";

/** The first change is sent at once; changes within this time after it are sent together. */
const minIntervalMs = 250;

export interface ListSubscription {
  /** Sends a sign of life. */
  tick(): void;
  stop(): void;
}

interface ListSubscriptionOptions {
  readonly conversations: ConversationsApi;
  readonly socket: Socket;
  readonly onError: (error: unknown) => void;
}

export function followList({ conversations, socket, onError }: ListSubscriptionOptions): ListSubscription {
  const stopping = new AbortController();
  const signal = AbortSignal.any([stopping.signal, socket.closed]);
  const post = (list: Extract<ServerFrame, { list: unknown }>["list"]): boolean =>
    socket.post(JSON.stringify({ list } satisfies ServerFrame));

  async function run(): Promise<void> {
    for await (const { rows, gone, reload } of conversations.followList(signal)) {
      await socket.room();
      if (signal.aborted) return;
      post({ rows: rows.map(toWireRow), gone: [...gone], reload });
      await wait(minIntervalMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  run().catch((error: unknown) => {
    if (!signal.aborted) onError(error);
  });
  return {
    tick: () => void post({ rows: [], gone: [], reload: false }),
    stop: () => stopping.abort(),
  };
}
