/**
 * One socket follows the list of all conversations. What has changed is asked for when there is room for it, and not more
 * often than a screen can use: in between, however much happens, it is a number.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { ServerFrame } from "@deckhand/protocol";
import type { ConversationsApi } from "../../conversation/api.ts";
import { toWireRow } from "../../wire/conversation-row.ts";
import type { Socket } from "../socket.ts";

/** The first change is told at once, what comes right after it together. */
const paceMs = 250;

export interface ListSubscription {
  /** A sign of life. */
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
    for await (const { rows, gone, again } of conversations.followList(signal)) {
      await socket.room();
      if (signal.aborted) return;
      post({ rows: rows.map(toWireRow), gone: [...gone], again });
      await wait(paceMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  run().catch((error: unknown) => {
    if (!signal.aborted) onError(error);
  });
  return {
    tick: () => void post({ rows: [], gone: [], again: false }),
    stop: () => stopping.abort(),
  };
}
