/**
 * `/api/conversations/:id/terminals`: shells that people share in the conversation's sandbox. Their content comes over
 * a WebSocket at the same path (`ws/terminal.ts`).
 */
import type { Hono } from "hono";
import { DeckhandError, terminalSize } from "@deckhand/protocol";
import type { ConversationsApi } from "../../conversation/api.ts";
import { existingConversation } from "../../wire/conversation-id.ts";
import { parseBody } from "../input.ts";

export function terminalRoutes(app: Hono, conversations: ConversationsApi): void {
  app.get("/api/conversations/:id/terminals", async (c) => {
    const { state } = await existingConversation(conversations, c.req.param("id"));
    return c.json({ terminals: state.terminals });
  });

  app.post("/api/conversations/:id/terminals", async (c) => {
    const size = await parseBody(c, terminalSize);
    const { terminals } = await existingConversation(conversations, c.req.param("id"));
    return c.json({ id: await terminals.open(size) }, 201);
  });

  app.delete("/api/conversations/:id/terminals/:terminal", async (c) => {
    const { terminals } = await existingConversation(conversations, c.req.param("id"));
    if (!(await terminals.close(c.req.param("terminal")))) {
      throw new DeckhandError("unknown_path", "No such terminal. It may have been closed.");
    }
    return c.body(null, 204);
  });
}
