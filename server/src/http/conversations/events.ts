/** `/api/conversations/:id/events`: reads the log in pages or as a stream, and submits actions. */
import type { Hono } from "hono";
import { z } from "zod";
import type { ConversationsApi } from "../../conversation/api.ts";
import { normalizeAction } from "../../wire/client-action.ts";
import { existingConversation } from "../../wire/conversation-id.ts";
import { parseBody, parseQuery } from "../input.ts";
import { eventStream } from "./event-stream.ts";

const pageQuery = z.object({
  after: z.coerce.number().int().min(-1).default(-1),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
const actionBody = z.object({
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
    const { after, limit } = parseQuery(c, pageQuery);
    const conversation = await existingConversation(conversations, c.req.param("id"));
    if (!(c.req.header("Accept") ?? "").includes("text/event-stream")) {
      const events = await conversation.read(after, limit);
      return c.json({ events, head: conversation.state.head });
    }
    const lastSeen = Number.parseInt(c.req.header("Last-Event-ID") ?? "", 10);
    const closed = AbortSignal.any([signal, c.req.raw.signal]);
    return c.body(eventStream(conversation, Number.isNaN(lastSeen) ? after : lastSeen, tickMs, closed), 200, {
      "Content-Type": "text/event-stream",
      "X-Accel-Buffering": "no",
    });
  });

  app.post("/api/conversations/:id/events", async (c) => {
    const body = await parseBody(c, actionBody);
    const conversation = await existingConversation(conversations, c.req.param("id"));
    const { kind, args, apiKey } = normalizeAction(body.action, body.args);
    return c.json(await conversation.submit(kind, args, { command: body.command, apiKey }), 201);
  });
}
