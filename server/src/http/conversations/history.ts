/** `/api/conversations/:id/{diff,history,restore}`: earlier states of the workspace. */
import type { Hono } from "hono";
import { z } from "zod";
import { DeckhandError, isAction, type Observation } from "@deckhand/protocol";
import type { ConversationApi, ConversationsApi } from "../../conversation/api.ts";
import { existingConversation } from "../../wire/conversation-id.ts";
import { contentHeaders } from "../files/content-type.ts";
import { parseBody, parseQuery } from "../input.ts";

const eventId = z.coerce.number().int().min(0);
const diffQuery = z.object({ from: eventId.optional(), to: z.union([z.literal("now"), eventId]).default("now") });
const atQuery = z.object({ at: eventId });
const fileQuery = z.object({ at: eventId, path: z.string().min(1).max(4096) });
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
    const { at } = parseQuery(c, atQuery);
    const conversation = await existingConversation(conversations, c.req.param("id"));
    return c.json(await conversation.filesAt(at));
  });

  app.get("/api/conversations/:id/history/file", async (c) => {
    const { at, path } = parseQuery(c, fileQuery);
    const conversation = await existingConversation(conversations, c.req.param("id"));
    const bytes = await conversation.fileAt(at, path);
    return c.body(new Uint8Array(bytes), 200, contentHeaders(path, bytes.subarray(0, 4096)));
  });

  app.get("/api/conversations/:id/restore", async (c) => {
    const { at } = parseQuery(c, atQuery);
    const conversation = await existingConversation(conversations, c.req.param("id"));
    return c.json(await conversation.previewRestore(at));
  });

  app.post("/api/conversations/:id/restore", async (c) => {
    const { at, force, command } = await parseBody(c, restoreBody);
    const conversation = await existingConversation(conversations, c.req.param("id"));
    const { id } = await conversation.submit("restore", { at, force }, { command });
    const observation = await observationOf(conversation, id, AbortSignal.any([signal, c.req.raw.signal]));
    if (observation.observation === "error") throw new DeckhandError(observation.extras.code, observation.content);
    return c.json(observation);
  });
}

/** Waits for the action's observation. Fails with `shutting_down` if the signal aborts first. */
async function observationOf(conversation: ConversationApi, action: number, signal: AbortSignal): Promise<Observation> {
  for await (const event of conversation.follow(action, signal)) {
    if (!isAction(event) && event.cause === action) return event;
  }
  throw new DeckhandError("shutting_down");
}
