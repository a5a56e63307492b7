/**
 * The native dialect, `deckhand.v1`: many conversations on one socket. Requests for the same conversation run in the
 * order in which they arrived; requests for different conversations do not wait for each other.
 */
import { clientAction, clientFrames, DeckhandError, nativeProtocol, type ServerFrame } from "@deckhand/protocol";
import type { z } from "zod";
import { KeyedQueue } from "../../async/keyed-queue.ts";
import type { ConversationsApi } from "../../conversation/api.ts";
import { normalizeAction } from "../../wire/client-action.ts";
import { checkConversationId, existingConversation } from "../../wire/conversation-id.ts";
import { parseFrame, type FrameObject } from "../../wire/parse-frame.ts";
import type { Socket } from "../socket.ts";
import { followList, type ListSubscription } from "./list-subscription.ts";
import { startSubscription, type Subscription } from "./subscription.ts";

export interface NativeOptions {
  readonly conversations: ConversationsApi;
  readonly version: string;
  readonly limits: { readonly frameBytes: number; readonly framesPerSecond: number; readonly subscriptions: number };
  readonly tickMs: number;
}

export interface NativeSession {
  /** Sends `hello` and starts the ticks. */
  open(socket: Socket): void;
  frame(text: string | undefined): Promise<void>;
}

export function createNativeSession(options: NativeOptions): NativeSession {
  const { conversations, limits } = options;
  const subscriptions = new Map<string, Subscription>();
  const requests = new KeyedQueue();
  let list: ListSubscription | undefined;
  let socket: Socket;

  function open(opened: Socket): void {
    socket = opened;
    post({
      hello: {
        protocol: nativeProtocol,
        server: "deckhand",
        version: options.version,
        limits: {
          frame_bytes: limits.frameBytes,
          frames_per_second: limits.framesPerSecond,
          subscriptions: limits.subscriptions,
        },
      },
    });
    const ticking = setInterval(tick, options.tickMs).unref();
    socket.closed.addEventListener("abort", () => clearInterval(ticking), { once: true });
  }

  function tick(): void {
    for (const [conversation, { head }] of subscriptions) post({ tick: { conversation, head: head() } });
    list?.tick();
  }

  async function frame(text: string | undefined): Promise<void> {
    let context: ErrorContext = {};
    try {
      const object = parseFrame(text);
      context = contextOf(object);
      const request = toRequest(object);
      await requests.run(request.conversation, request.run);
    } catch (error) {
      refuse(context, error);
    }
  }

  function toRequest(object: FrameObject): Request {
    const kinds = frameKinds.filter((kind) => Object.hasOwn(object, kind));
    if (kinds.length !== 1) {
      const names = Object.keys(clientFrames).map((name) => `\`${name}\``);
      throw new DeckhandError("bad_frame", `A frame must have exactly one of \`action\`, ${names.join(", ")}.`);
    }
    switch (kinds[0]) {
      case "subscribe": {
        const subscription = validate(clientFrames.subscribe, object["subscribe"]);
        return { conversation: subscription.conversation, run: () => subscribe(subscription) };
      }
      case "unsubscribe": {
        const { conversation } = validate(clientFrames.unsubscribe, object["unsubscribe"]);
        return { conversation, run: async () => unsubscribe(conversation) };
      }
      case "subscribe_list":
        validate(clientFrames.subscribe_list, object["subscribe_list"]);
        return { conversation: "", run: async () => subscribeList() };
      case "unsubscribe_list":
        return { conversation: "", run: async () => unsubscribeList() };
      case "action": {
        const action = validate(clientAction, object);
        return { conversation: action.conversation, run: () => act(action) };
      }
      default:
        throw new DeckhandError("bad_frame", "Only the server sends observations.");
    }
  }

  async function subscribe({
    conversation: id,
    after,
    deltas,
    batch,
  }: z.infer<typeof clientFrames.subscribe>): Promise<void> {
    const conversation = await existingConversation(conversations, id);
    if (after > conversation.state.head) {
      throw new DeckhandError(
        "conflict",
        `The log ends at ${conversation.state.head}; ${after} is beyond it. Subscribe again from the start.`,
      );
    }
    unsubscribe(id);
    if (subscriptions.size >= limits.subscriptions) {
      throw new DeckhandError("limit_exceeded", `A socket can follow at most ${limits.subscriptions} conversations.`);
    }
    if (socket.closed.aborted) return;
    const subscription = startSubscription({ conversation, after, deltas, batch, socket });
    subscriptions.set(id, subscription);
    void subscription.ended.then((end) => {
      if (subscriptions.get(id) === subscription) subscriptions.delete(id);
      if (end.error !== undefined) refuse({ conversation: id }, end.error);
    });
  }

  function unsubscribe(id: string): void {
    subscriptions.get(id)?.stop();
    subscriptions.delete(id);
  }

  function subscribeList(): void {
    unsubscribeList();
    if (socket.closed.aborted) return;
    list = followList({ conversations, socket, onError: (error) => refuse({}, error) });
  }

  function unsubscribeList(): void {
    list?.stop();
    list = undefined;
  }

  /** The first action for an unknown id creates the conversation; clients choose ids, usually UUIDs. */
  async function act({ conversation: id, command, action, args }: z.infer<typeof clientAction>): Promise<void> {
    const conversation = await conversations.open(checkConversationId(id));
    const { kind, args: normalized, apiKey } = normalizeAction(action, args);
    const event = await conversation.submit(kind, normalized, { command, apiKey });
    post({ ack: { ...(command === undefined ? {} : { command }), id: event.id } });
  }

  function refuse(context: ErrorContext, error: unknown): void {
    const { code, message, retryable } = error instanceof DeckhandError ? error : new DeckhandError("internal");
    post({ error: { ...context, code, message, retryable } });
  }

  function post(message: ServerFrame): void {
    socket.post(JSON.stringify(message));
  }

  return { open, frame };
}

const frameKinds = [...Object.keys(clientFrames), "action", "observation"];

/** Fields of an error by which the client recognizes the request that failed. */
interface ErrorContext {
  readonly command?: string;
  readonly conversation?: string;
}

interface Request {
  readonly conversation: string;
  readonly run: () => Promise<void>;
}

function contextOf(object: FrameObject): ErrorContext {
  const inner = object["subscribe"] ?? object["unsubscribe"];
  const conversation =
    object["conversation"] ??
    (typeof inner === "object" && inner !== null && "conversation" in inner && inner.conversation);
  const { command } = object;
  return {
    ...(typeof command === "string" && command.length <= 200 ? { command } : {}),
    ...(typeof conversation === "string" && conversation.length <= 200 ? { conversation } : {}),
  };
}

function validate<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "frame"}: ${message}`);
  throw new DeckhandError("bad_frame", problems.join("; "));
}
