/** `/api/conversations/:id/terminals`: shells that people share, in the conversation's sandbox. What each shows comes on a socket of its own (`ws/terminal.ts`). */
import type { Hono } from "hono";
import { DeckhandError, terminalSize } from "@deckhand/protocol";
import type { ConversationApi, ConversationsApi, WatchedTerminal } from "../../conversation/api.ts";
import { parseBody } from "../input.ts";

export function terminalRoutes(app: Hono, conversations: ConversationsApi): void {
  app.get("/api/conversations/:id/terminals", async (c) => {
    const { state } = await existing(c.req.param("id"), conversations);
    return c.json({ terminals: state.terminals });
  });

  app.post("/api/conversations/:id/terminals", async (c) => {
    const size = await parseBody(c, terminalSize);
    const id = await (await existing(c.req.param("id"), conversations)).terminals.open(size);
    return c.json({ id }, 201);
  });

  app.delete("/api/conversations/:id/terminals/:terminal", async (c) => {
    const conversation = await existing(c.req.param("id"), conversations);
    if (!(await conversation.terminals.close(c.req.param("terminal")))) throw new DeckhandError("unknown_path", gone);
    return c.body(null, 204);
  });
}

const gone = "There is no such terminal, or it has closed.";
const path = /^\/api\/conversations\/([^/]+)\/terminals\/([^/]+)$/;

/** The terminal that a socket is asked for; undefined where its path is another one's. Fails with `unknown_conversation`, `unknown_path`. */
export async function terminalAt(url: string, conversations: ConversationsApi): Promise<WatchedTerminal | undefined> {
  const [, id, terminal] = path.exec(url.split("?", 1)[0] ?? "") ?? [];
  if (id === undefined || terminal === undefined) return undefined;
  const found = await (await existing(decodeURIComponent(id), conversations)).terminals.find(terminal);
  if (found === undefined) throw new DeckhandError("unknown_path", gone);
  return found;
}

async function existing(id: string, conversations: ConversationsApi): Promise<ConversationApi> {
  if (!(await conversations.exists(id))) throw new DeckhandError("unknown_conversation");
  return conversations.open(id);
}
