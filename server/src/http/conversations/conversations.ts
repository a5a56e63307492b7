/** `/api/conversations`: list, create, update and delete conversations. */
import { randomUUID } from "node:crypto";
import type { Hono } from "hono";
import { z } from "zod";
import { DeckhandError } from "@deckhand/protocol";
import type { ConversationRow, ConversationsApi, RuntimeStatus } from "../../conversation/api.ts";
import { normalizeSettings } from "../../wire/client-action.ts";
import { checkConversationId } from "../../wire/conversation-id.ts";
import { toWireRow } from "../../wire/conversation-row.ts";
import { parseBody, parseQuery } from "../input.ts";

const newConversation = z.object({
  id: z.string().optional(),
  task: z.string().min(1).optional(),
  /** Same as the `args` of `initialize`. */
  settings: z.record(z.string(), z.unknown()).default({}),
});
const listQuery = z.object({
  after: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  q: z.string().optional(),
  archived: z.stringbool().optional(),
  pinned: z.stringbool().optional(),
  /** Only subagents of this conversation; an empty string means only conversations without a parent. */
  parent: z.string().optional(),
});
const deleteQuery = z.object({ discard: z.stringbool().default(false) });
const updateBody = z
  .object({
    title: z.string().trim().min(1).max(200),
    pinned: z.boolean(),
    archived: z.boolean(),
    /** Id of the last event that a person has seen. */
    seen: z.int().min(-1),
  })
  .partial()
  .refine((fields) => Object.keys(fields).length > 0, "At least one field is required.");

export function conversationRoutes(app: Hono, conversations: ConversationsApi): void {
  app.post("/api/conversations", async (c) => {
    const body = await parseBody(c, newConversation);
    const id = checkConversationId(body.id ?? randomUUID());
    if (await conversations.exists(id))
      throw new DeckhandError("exists", "A conversation with this id already exists.");
    const conversation = await conversations.open(id);
    const { settings, apiKey } = normalizeSettings(body.settings);
    await conversation.submit("initialize", settings, { apiKey });
    if (body.task !== undefined) await conversation.submit("start", { task: body.task });
    c.header("Location", `/api/conversations/${id}`);
    return c.json(toWireRow(await existingRow(id)), 201);
  });

  app.get("/api/conversations", async (c) => {
    const { q: query, parent, ...options } = parseQuery(c, listQuery);
    const { limit } = options;
    const rows = await conversations.list({ ...options, query, parent: parent === "" ? null : parent });
    return c.json({ conversations: rows.map(toWireRow), next: rows.length < limit ? null : (rows.at(-1)?.id ?? null) });
  });

  app.get("/api/conversations/:id", async (c) => {
    const row = await existingRow(c.req.param("id"));
    const conversation = await conversations.open(row.id);
    return c.json({ ...toWireRow(row), isolation: toWireIsolation(await conversation.isolation()) });
  });

  app.patch("/api/conversations/:id", async (c) => {
    const { title, ...marks } = await parseBody(c, updateBody);
    const { id } = await existingRow(c.req.param("id"));
    if (title !== undefined) await conversations.rename(id, title);
    await conversations.mark(id, marks);
    return c.json(toWireRow(await existingRow(id)));
  });

  app.delete("/api/conversations/:id", async (c) => {
    const { id } = await existingRow(c.req.param("id"));
    const { discard } = parseQuery(c, deleteQuery);
    await conversations.delete(id, discard);
    return c.body(null, 204);
  });

  async function existingRow(id: string): Promise<ConversationRow> {
    const row = await conversations.row(id);
    if (row === undefined) throw new DeckhandError("unknown_conversation");
    return row;
  }
}

/** A summary by group of checks, for one line in the UI. `/api/health` reports each check. */
function toWireIsolation({ kind, proven, checks, triedAt, sentence }: RuntimeStatus): object {
  const groups = [...new Set(checks.map(({ group }) => group))];
  const held = groups.filter((group) => checks.every((check) => check.group !== group || check.held));
  return { kind, proven, held, tried_at: triedAt, sentence };
}
