/** `/api/conversations/:id/events`: the log as pages or as a stream, and actions into it. */
import type { Hono } from "hono";
import { z } from "zod";
import { DeckhandError } from "@deckhand/protocol";
import type { ConversationApi, ConversationsApi } from "../../conversation/api.ts";
import { existingConversation } from "../../wire/conversation-id.ts";
import { normalizeAction } from "../../wire/client-action.ts";
import { eventStream } from "./event-stream.ts";
import { parseBody, parseQuery } from "../input.ts";

const page = z.object({
  after: z.coerce.number().int().min(-1).default(-1),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
const clientAction = z.object({
  action: z.string(),
  args: z.unknown().optional(),
  command: z.string().min(1).max(200).optional(),
});

interface EventRoutesOptions {
  readonly conversations: ConversationsApi;
  readonly tickMs: number;
  readonly signal: AbortSignal;
}

export function eventRoutes(app: Hono, { conversations, tickMs, signal }: EventRoutesOptions): void {
  app.get("/api/conversations/:id/events", async (c) => {
    const { after, limit } = parseQuery(c, page);
    const conversation = await existingConversation(conversations, c.req.param("id"));
    if (!(c.req.header("Accept") ?? "").includes("text/event-stream")) {
      const events = await conversation.read(after, limit);
      return c.json({ events, head: conversation.state.head });
    }
    const seen = Number.parseInt(c.req.header("Last-Event-ID") ?? "", 10);
    const gone = AbortSignal.any([signal, c.req.raw.signal]);
    return c.body(eventStream(conversation, Number.isNaN(seen) ? after : seen, tickMs, gone), 200, {
      "Content-Type": "text/event-stream",
      "X-Accel-Buffering": "no",
    });
  });

  app.post("/api/conversations/:id/events", async (c) => {
    const frame = await parseBody(c, clientAction);
    const conversation = await existingConversation(conversations, c.req.param("id"));
    const { kind, args, apiKey } = normalizeAction(frame.action, frame.args);
    return c.json(await conversation.submit(kind, args, { command: frame.command, apiKey }), 201);
  });
}
