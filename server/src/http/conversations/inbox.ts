/** `/api/inbox`: what waits for a person, over all conversations, from the index alone. */
import type { Hono } from "hono";
import type { ConversationsApi } from "../../conversation/api.ts";
import { toWireRow } from "../../wire/conversation-row.ts";

/** More than a person answers at one sitting. */
const most = 200;

export function inboxRoutes(app: Hono, conversations: ConversationsApi): void {
  app.get("/api/inbox", async (c) => {
    const rows = await conversations.waiting(most + 1);
    const items = rows.slice(0, most).map((row) => ({ ...toWireRow(row), waiting: row.waiting }));
    return c.json({ items, more: rows.length > most });
  });
}
