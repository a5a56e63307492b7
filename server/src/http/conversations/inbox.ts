/** `/api/inbox`: everything in all conversations that waits for a person, read from the index alone. */
import type { Hono } from "hono";
import type { ConversationsApi } from "../../conversation/api.ts";
import { toWireRow } from "../../wire/conversation-row.ts";

/** More than a person answers in one sitting. */
const maxItems = 200;

export function inboxRoutes(app: Hono, conversations: ConversationsApi): void {
  app.get("/api/inbox", async (c) => {
    const rows = await conversations.waiting(maxItems + 1);
    const items = rows.slice(0, maxItems).map((row) => ({ ...toWireRow(row), waiting: row.waiting }));
    return c.json({ items, more: rows.length > maxItems });
  });
}
