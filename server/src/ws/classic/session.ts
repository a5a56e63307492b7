/**
 * The classic dialect: one conversation per socket, in the frames of OpenHands 0.9–0.14 clients.
 *
 *   token frame -> existing events after `latest_event_id` -> new events; the client's frames are processed meanwhile
 *
 * The OpenHands web UI handles only the last of several frames that arrive together, so the token frame and errors are
 * followed by a short gap. Everything is sent through one queue, which keeps the gaps and holds at most two frames.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { DeckhandError } from "@deckhand/protocol";
import type { ConversationApi, ConversationsApi } from "../../conversation/api.ts";
import type { ClassicTokens } from "../../wire/classic-token.ts";
import type { ClassicVersion } from "../dialect.ts";
import type { Socket } from "../socket.ts";
import { parseClassicFrame } from "./frames.ts";
import { ClassicView, type ClassicFrame } from "./view.ts";

export interface ClassicOptions {
  readonly version: ClassicVersion;
  /** The client's token; without one, a new conversation is created. */
  readonly token: string | undefined;
  /** The client has the events up to this id; -1 for none. */
  readonly after: number;
  readonly conversations: ConversationsApi;
  readonly tokens: ClassicTokens;
}

export interface ClassicSession {
  open(socket: Socket): void;
  frame(text: string | undefined): Promise<void>;
}

/** With a gap of 5 ms the web UI sometimes missed the first of two frames; with 25 ms it did not. */
const gapMs = 25;

export function createClassicSession(options: ClassicOptions): ClassicSession {
  const opened = Promise.withResolvers<Socket>();
  const conversationReady = opened.promise.then(begin);
  let sending: Promise<unknown> = Promise.resolve();
  let processing: Promise<void> = Promise.resolve();

  /** Opens the conversation. With an invalid token, closes the socket and resolves with undefined. */
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
    const view = new ClassicView(options.version, head);
    try {
      await send(socket, first);
      for await (const event of conversation.follow(Math.min(options.after, head), socket.closed)) {
        for (const shown of view.framesFor(event)) await send(socket, shown);
      }
      if (!socket.closed.aborted) throw new DeckhandError("unknown_conversation", "The conversation was deleted.");
    } catch (error) {
      await refuse(socket, error);
      socket.close(1000);
    }
  }

  function frame(text: string | undefined): Promise<void> {
    processing = processing.then(() => handle(text));
    return processing;
  }

  async function handle(text: string | undefined): Promise<void> {
    const conversation = await conversationReady;
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

  function send(socket: Socket, { frame: content, gap }: ClassicFrame): Promise<unknown> {
    sending = sending.then(async () => {
      await socket.send(JSON.stringify(content));
      if (gap && !socket.closed.aborted) await delay(gapMs);
    });
    return sending;
  }

  return { open: opened.resolve, frame };
}
