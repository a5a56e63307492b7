/** `/api/conversations/:id/diff` and `/restore`: what the workspace was. */
import type { Hono } from "hono";
import { z } from "zod";
import { DeckhandError, isAction, type Observation } from "@deckhand/protocol";
import type { ConversationApi, ConversationsApi } from "../../conversation/api.ts";
import { existingConversation } from "../../wire/conversation-id.ts";
import { contentHeaders } from "../files/content-type.ts";
import { parseBody, parseQuery } from "../input.ts";

const event = z.coerce.number().int().min(0);
const diffQuery = z.object({ from: event.optional(), to: z.union([z.literal("now"), event]).default("now") });
const previewQuery = z.object({ at: event });
const pastFileQuery = z.object({ at: event, path: z.string().min(1).max(4096) });
const restoreBody = z.object({
  at: z.int().min(0),
  force: z.boolean().default(false),
  command: z.string().min(1).max(200).optional(),
});

export function historyRoutes(app: Hono, conversations: ConversationsApi, signal: AbortSignal): void {
  app.get("/api/conversations/:id/diff", async (c) => {
    const { from, to } = parseQuery(c, diffQuery);
    const conversation = await existingConversation(conversations, c.req.param("id"));
    return c.json(await conversation.diff(from, to === "now" ? undefined : to));
  });

  app.get("/api/conversations/:id/history/files", async (c) => {
    const { at } = parseQuery(c, previewQuery);
    return c.json(await (await existingConversation(conversations, c.req.param("id"))).filesAt(at));
  });

  app.get("/api/conversations/:id/history/file", async (c) => {
    const { at, path } = parseQuery(c, pastFileQuery);
    const bytes = await (await existingConversation(conversations, c.req.param("id"))).fileAt(at, path);
    return c.body(new Uint8Array(bytes), 200, contentHeaders(path, bytes.subarray(0, 4096)));
  });

  app.get("/api/conversations/:id/restore", async (c) => {
    const { at } = parseQuery(c, previewQuery);
    return c.json(await (await existingConversation(conversations, c.req.param("id"))).previewRestore(at));
  });

  app.post("/api/conversations/:id/restore", async (c) => {
    const { at, force, command } = await parseBody(c, restoreBody);
    const conversation = await existingConversation(conversations, c.req.param("id"));
    const { id } = await conversation.submit("restore", { at, force }, { command });
    const answer = await answerTo(conversation, id, AbortSignal.any([signal, c.req.raw.signal]));
    if (answer.observation === "error") throw new DeckhandError(answer.extras.code, answer.content);
    return c.json(answer);
  });
}

/** Fails with `shutting_down` where there will be none for this request. */
async function answerTo(conversation: ConversationApi, action: number, signal: AbortSignal): Promise<Observation> {
  for await (const each of conversation.follow(action, signal)) {
    if (!isAction(each) && each.cause === action) return each;
  }
  throw new DeckhandError("shutting_down");
}
