/**
 * The classic dialect: one conversation on one socket, in the frames of the first protocol's clients.
 *
 *   token frame -> what the log has above `latest_event_id` -> what comes; the client's frames beside it
 *
 * The first web page looks only at the last of the frames that arrive together, so the token frame and errors are
 * followed by a short gap. All that is sent passes one queue, which keeps the gaps and holds two frames at most.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { DeckhandError } from "@deckhand/protocol";
import type { ConversationApi, ConversationsApi } from "../../conversation/api.ts";
import { parseClassicFrame } from "./frames.ts";
import type { ClassicTokens } from "../../wire/classic-token.ts";
import { ClassicView, type ClassicFrame } from "./view.ts";
import type { ClassicVersion } from "../dialect.ts";
import type { Socket } from "../socket.ts";

export interface ClassicOptions {
  readonly era: ClassicVersion;
  /** The token that the client brings; without one a new conversation begins. */
  readonly token: string | undefined;
  /** Events up to this id are there already; -1 for none. */
  readonly after: number;
  readonly conversations: ConversationsApi;
  readonly tokens: ClassicTokens;
}

export interface ClassicSession {
  open(socket: Socket): void;
  frame(text: string | undefined): Promise<void>;
}

/** With 5 ms the page was seen to miss the first of two frames, with 25 ms not. */
const gapMs = 25;

export function createClassicSession(options: ClassicOptions): ClassicSession {
  const opened = Promise.withResolvers<Socket>();
  const began = opened.promise.then(begin);
  let sending: Promise<unknown> = Promise.resolve();
  let working: Promise<void> = Promise.resolve();

  /** The conversation, undefined where the token is none of ours; then the socket is closed. */
  async function begin(socket: Socket): Promise<ConversationApi | undefined> {
    try {
      const id = options.token === undefined ? randomUUID() : await options.tokens.verify(options.token);
      if (id === undefined) {
        socket.post(JSON.stringify({ error: "Invalid token", error_code: 401 }));
        socket.close(1000);
        return undefined;
      }
      const conversation = await options.conversations.open(id);
      const token = options.token ?? (await options.tokens.sign(id));
      void follow(conversation, socket, { frame: { token, status: "ok" }, gap: true });
      return conversation;
    } catch (error) {
      await refuse(socket, error);
      socket.fail("internal");
      return undefined;
    }
  }

  async function follow(conversation: ConversationApi, socket: Socket, first: ClassicFrame): Promise<void> {
    const { head } = conversation.state;
    const view = new ClassicView(options.era, head);
    try {
      await send(socket, first);
      for await (const event of conversation.follow(Math.min(options.after, head), socket.closed)) {
        for (const shown of view.framesFor(event)) await send(socket, shown);
      }
      if (!socket.closed.aborted) throw new DeckhandError("unknown_conversation", "The conversation is gone.");
    } catch (error) {
      await refuse(socket, error);
      socket.close(1000);
    }
  }

  function frame(text: string | undefined): Promise<void> {
    working = working.then(() => take(text));
    return working;
  }

  async function take(text: string | undefined): Promise<void> {
    const conversation = await began;
    if (conversation === undefined) return;
    try {
      const { kind, args, apiKey } = parseClassicFrame(text);
      await conversation.submit(kind, args, { apiKey });
    } catch (error) {
      await refuse(await opened.promise, error);
    }
  }

  async function refuse(socket: Socket, error: unknown): Promise<void> {
    const { message } = error instanceof DeckhandError ? error : new DeckhandError("internal");
    await send(socket, { frame: { error: true, message }, gap: true });
  }

  function send(socket: Socket, { frame: object, gap }: ClassicFrame): Promise<unknown> {
    sending = sending.then(async () => {
      await socket.send(JSON.stringify(object));
      if (gap && !socket.closed.aborted) await delay(gapMs);
    });
    return sending;
  }

  return { open: opened.resolve, frame };
}
