/**
 * A client for browser and Node: one WebSocket in the native dialect, which comes back by itself, and the HTTP calls.
 *
 *   const client = connect({ url: "http://127.0.0.1:3000" });
 *   const { id } = await client.create();
 *   await client.send(id, "start", { task: "write a bash script that prints hello" });
 *   for await (const item of client.follow(id)) …
 */
import {
  DeckhandError,
  type ActionArgs,
  type ActionKind,
  type Delta,
  type ErrorCode,
  type Event,
} from "@deckhand/protocol";
import { baseUrl, openSocket, openTerminalSocket } from "./socket/open.ts";
import { follow, type FollowOptions, type Followed } from "./conversation/follow.ts";
import type { HttpApi } from "./http/api.ts";
import { createHttpApi } from "./http/calls.ts";
import { Connection, type ConnectionStatus } from "./socket/connection.ts";
import { ListSubscription, type ListChange, type ListListener } from "./socket/list-subscription.ts";
import { newCommandId, Outbox } from "./socket/outbox.ts";
import { defaultRetry, type RetryOptions } from "./socket/backoff.ts";
import { Subscriptions } from "./socket/subscriptions.ts";
import { watchTerminal, type Terminals } from "./conversation/terminals.ts";
import { openView, type View } from "./conversation/view.ts";

export interface ConnectOptions {
  /** Base address of the server, as in the browser: `http://127.0.0.1:3000`. */
  readonly url: string | URL;
  /** Sent as `Authorization: Bearer`; for Node only. A browser has its cookie. */
  readonly token?: string;
  /** Silence after which the socket is taken for dead; 45 s by default, a tick is due every 20. */
  readonly silenceMs?: number;
  readonly retry?: Partial<RetryOptions>;
}

export interface SendOptions {
  /** Id of the command, where the caller keeps one over its own restarts; made here by default. */
  readonly command?: string;
}

export interface Client extends HttpApi {
  readonly status: ConnectionStatus;
  /** Told at each change of `status`. Returns what ends it. */
  readonly onStatus: (listener: () => void) => () => void;
  follow(conversation: string, options?: FollowOptions): AsyncGenerator<Followed, void, void>;
  /** Told of what changes in the list of all conversations, at first to read it. Returns what ends it. */
  readonly onList: (listener: ListListener) => () => void;
  readonly terminals: Terminals;
  /** Follows while it has subscribers. */
  view(conversation: string): View;
  /**
   * Resolves with the id of the stored event, after as many reconnects as it takes; it happens once. Fails with a
   * `DeckhandError` that has the code of the server's refusal, `interrupted` when the client is closed first, or with
   * the signal's reason (then it may have happened).
   */
  send<K extends ActionKind>(
    conversation: string,
    action: K,
    args: Partial<ActionArgs<K>>,
    options?: SendOptions,
    signal?: AbortSignal,
  ): Promise<number>;
  /** Ends the socket and settles everything that waits. The work on the server goes on. */
  close(): void;
}

export function connect(options: ConnectOptions): Client {
  const base = baseUrl(String(options.url));
  const http = createHttpApi(base, options.token);
  const listeners = new Set<() => void>();
  const outbox = new Outbox((frame) => link.send(frame));
  const subscriptions = new Subscriptions({
    send: (frame) => link.send(frame),
    drop: (why) => link.drop(why),
  });
  const listWatch = new ListSubscription((frame) => link.send(frame));
  const settle = (why: DeckhandError | undefined): void => {
    outbox.close(why ?? new DeckhandError("interrupted", "The client was closed before the server had answered."));
    subscriptions.close(why);
  };
  // The first status comes while the link is being made, before anybody can have asked.
  let status: ConnectionStatus = { state: "connecting" };
  const link: Connection = new Connection({
    open: () => openSocket(base, options.token),
    refusal: () => askRefusal(http),
    retry: { ...defaultRetry, ...options.retry },
    silenceMs: options.silenceMs ?? 45_000,
    expectsFrames: () => subscriptions.size > 0 || listWatch.size > 0 || outbox.size > 0,
    onHello: (hello) => {
      subscriptions.onHello();
      listWatch.onHello();
      outbox.onHello(hello.limits?.frame_bytes ?? Number.POSITIVE_INFINITY);
    },
    onFrame: (frame) => {
      if (is<ListChange>(frame["list"])) listWatch.onChange(frame["list"]);
      else receive(frame, subscriptions, outbox);
    },
    onDown: () => subscriptions.onDown(),
    onStatus: (next) => {
      status = next;
      if (next.state === "closed") settle(next.why);
      for (const listener of listeners) listener();
    },
  });
  const refuseIfClosed = (): void => {
    if (status.state !== "closed") return;
    throw status.why ?? new DeckhandError("interrupted", "The client is closed.");
  };

  return {
    ...http,
    get status() {
      return status;
    },
    onStatus: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    follow: async function* (conversation, followOptions) {
      refuseIfClosed();
      yield* follow(subscriptions, conversation, followOptions);
    },
    onList: (listener) => listWatch.add(listener),
    terminals: {
      open: http.openTerminal,
      close: http.closeTerminal,
      watch: (conversation, terminal, watcher) =>
        watchTerminal(() => openTerminalSocket(base, { conversation, terminal }, options.token), watcher, {
          ...defaultRetry,
          maxMs: 5_000,
          ...options.retry,
        }),
    },
    view: (conversation) => openView(subscriptions, conversation),
    send: async (conversation, action, args, { command = newCommandId() } = {}, signal) => {
      refuseIfClosed();
      return outbox.add({ conversation, command, action, args }, signal);
    },
    close: () => link.close(),
  };
}

/** One frame from the server, told apart by its only key; what is not known is ignored. */
function receive(frame: Readonly<Record<string, unknown>>, subscriptions: Subscriptions, outbox: Outbox): void {
  if ("action" in frame || "observation" in frame) {
    const { conversation, ...event } = frame as unknown as { conversation: string } & Event;
    return subscriptions.onEvent(conversation, event);
  }
  if (is<{ conversation: string } & Delta>(frame["delta"])) {
    const { conversation, ...delta } = frame["delta"];
    return subscriptions.onDelta(conversation, delta);
  }
  if (is<{ conversation: string; events: readonly Event[] }>(frame["history"])) {
    const { conversation, events } = frame["history"];
    for (const event of events) subscriptions.onEvent(conversation, event);
    return;
  }
  if (is<{ conversation: string; id: number }>(frame["caught_up"])) {
    return subscriptions.onCaughtUp(frame["caught_up"].conversation, frame["caught_up"].id);
  }
  if (is<{ conversation: string; head: number }>(frame["tick"])) {
    return subscriptions.onTick(frame["tick"].conversation, frame["tick"].head);
  }
  if (is<{ command?: string; id: number }>(frame["ack"])) return outbox.onAck(frame["ack"].command, frame["ack"].id);
  if (is<ErrorBody>(frame["error"])) {
    const error = frame["error"];
    if (error.command !== undefined) return outbox.onError(error);
    if (error.conversation !== undefined) {
      subscriptions.onError(error.conversation, new DeckhandError(error.code, error.message));
    }
  }
}

interface ErrorBody {
  readonly command?: string;
  readonly conversation?: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
}

function is<T extends object>(value: unknown): value is T {
  return typeof value === "object" && value !== null;
}

async function askRefusal(http: HttpApi): Promise<"unauthorized" | "forbidden" | undefined> {
  try {
    await http.health(AbortSignal.timeout(5_000));
    return undefined;
  } catch (error) {
    if (!(error instanceof DeckhandError)) return undefined;
    return error.code === "unauthorized" || error.code === "forbidden" ? error.code : undefined;
  }
}
