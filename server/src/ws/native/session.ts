/**
 * The native dialect, `deckhand.v1`: any number of conversations on one socket. What a client asks of one conversation
 * is done in the order in which it asked; conversations do not wait for each other.
 */
import { clientAction, clientFrames, DeckhandError, nativeProtocol, type ServerFrame } from "@deckhand/protocol";
import type { z } from "zod";
import type { ConversationsApi } from "../../conversation/api.ts";
import { checkConversationId } from "../../wire/conversation-id.ts";
import { Lanes } from "./lanes.ts";
import { followList, type ListSubscription } from "./list-subscription.ts";
import { parseFrame, type FrameObject } from "../../wire/parse-frame.ts";
import { normalizeAction } from "../../wire/client-action.ts";
import type { Socket } from "../socket.ts";
import { startSubscription, type Subscription } from "./subscription.ts";

export interface NativeOptions {
  readonly conversations: ConversationsApi;
  readonly version: string;
  readonly limits: { readonly frameBytes: number; readonly framesPerSecond: number; readonly subscriptions: number };
  readonly tickMs: number;
}

export interface NativeSession {
  /** Says hello and starts to tick. */
  open(socket: Socket): void;
  frame(text: string | undefined): Promise<void>;
}

export function createNativeSession(options: NativeOptions): NativeSession {
  const { conversations, limits } = options;
  const subscriptions = new Map<string, Subscription>();
  const lanes = new Lanes();
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
    let about: About = {};
    try {
      const given = parseFrame(text);
      about = aboutOf(given);
      const job = jobOf(given);
      await lanes.run(job.conversation, () => job.run().catch((error: unknown) => refuse(about, error)));
    } catch (error) {
      refuse(about, error);
    }
  }

  function jobOf(given: FrameObject): Job {
    const kinds = frameKinds.filter((kind) => Object.hasOwn(given, kind));
    if (kinds.length !== 1) {
      const names = Object.keys(clientFrames).map((name) => `\`${name}\``);
      throw new DeckhandError("bad_frame", `A frame has one of \`action\`, ${names.join(", ")}.`);
    }
    switch (kinds[0]) {
      case "subscribe": {
        const asked = checked(clientFrames.subscribe, given["subscribe"]);
        return { conversation: asked.conversation, run: () => subscribe(asked) };
      }
      case "unsubscribe": {
        const { conversation } = checked(clientFrames.unsubscribe, given["unsubscribe"]);
        return { conversation, run: async () => unsubscribe(conversation) };
      }
      case "subscribe_list":
        checked(clientFrames.subscribe_list, given["subscribe_list"]);
        return { conversation: "", run: async () => subscribeList() };
      case "unsubscribe_list":
        return { conversation: "", run: async () => unsubscribeList() };
      case "action": {
        const asked = checked(clientAction, given);
        return { conversation: asked.conversation, run: () => act(asked) };
      }
      default:
        throw new DeckhandError("bad_frame", "Observations come from the server.");
    }
  }

  async function subscribe({
    conversation: id,
    after,
    deltas,
    many,
  }: z.infer<typeof clientFrames.subscribe>): Promise<void> {
    if (!(await conversations.exists(id))) throw new DeckhandError("unknown_conversation");
    const conversation = await conversations.open(id);
    if (after > conversation.state.head) {
      throw new DeckhandError("conflict", `The log ends at ${conversation.state.head}, before ${after}.`);
    }
    unsubscribe(id);
    if (subscriptions.size >= limits.subscriptions) {
      throw new DeckhandError("bad_args", `A socket follows at most ${limits.subscriptions} conversations.`);
    }
    if (socket.closed.aborted) return;
    const subscription = startSubscription({ conversation, after, deltas, many, socket });
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

  /** The first action for an id that nobody knows makes its conversation: a client makes the id up (a uuid). */
  async function act({ conversation: id, command, action, args }: z.infer<typeof clientAction>): Promise<void> {
    const conversation = await conversations.open(checkConversationId(id));
    const { kind, args: taken, apiKey } = normalizeAction(action, args);
    const event = await conversation.submit(kind, taken, { command, apiKey });
    post({ ack: { ...(command === undefined ? {} : { command }), id: event.id } });
  }

  function refuse(about: About, error: unknown): void {
    const { code, message, retryable } = error instanceof DeckhandError ? error : new DeckhandError("internal");
    post({ error: { ...about, code, message, retryable } });
  }

  function post(message: ServerFrame): void {
    socket.post(JSON.stringify(message));
  }

  return { open, frame };
}

const frameKinds = [...Object.keys(clientFrames), "action", "observation"];

/** What an answer names so that the client knows what it answers. */
interface About {
  readonly command?: string;
  readonly conversation?: string;
}

interface Job {
  readonly conversation: string;
  run(): Promise<void>;
}

function aboutOf(given: FrameObject): About {
  const inner = given["subscribe"] ?? given["unsubscribe"];
  const conversation =
    given["conversation"] ??
    (typeof inner === "object" && inner !== null && "conversation" in inner && inner.conversation);
  const { command } = given;
  return {
    ...(typeof command === "string" && command.length <= 200 ? { command } : {}),
    ...(typeof conversation === "string" && conversation.length <= 200 ? { conversation } : {}),
  };
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "the frame"}: ${message}`);
  throw new DeckhandError("bad_frame", problems.join("; "));
}
