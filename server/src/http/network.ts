/** `/api/conversations/:id/network`: what its commands reached, were refused, and may reach. */
import type { Hono } from "hono";
import { DeckhandError } from "@deckhand/protocol";
import type { ConversationsApi } from "../conversation/api.ts";

export function networkRoutes(app: Hono, conversations: ConversationsApi): void {
  app.get("/api/conversations/:id/network", async (c) => {
    const id = c.req.param("id");
    if (!(await conversations.exists(id))) throw new DeckhandError("unknown_conversation");
    const { network, state } = await conversations.open(id);
    const { mode = null, connections = [], hosts = [] } = network?.record() ?? {};
    return c.json({
      mode,
      allowed: state.allowedHosts,
      connections: connections.map((each) => ({
        host: each.host,
        port: each.port,
        address: each.address,
        rule: each.rule,
        started_at: each.startedAt,
        duration_ms: each.durationMs,
        up_bytes: each.upBytes,
        down_bytes: each.downBytes,
        open: each.open,
      })),
      hosts: hosts.map((each) => ({
        host: each.host,
        connections: each.connections,
        refused: each.refused,
        up_bytes: each.upBytes,
        down_bytes: each.downBytes,
      })),
    });
  });
}
