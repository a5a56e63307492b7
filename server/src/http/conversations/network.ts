/** `/api/conversations/:id/network` and `…/ports`: what its commands reached and may reach, and what of theirs can be reached. */
import type { Hono } from "hono";
import { z } from "zod";
import { DeckhandError } from "@deckhand/protocol";
import type { ConversationApi, ConversationsApi } from "../../conversation/api.ts";
import { existingConversation } from "../../wire/conversation-id.ts";
import { parseParams } from "../input.ts";
import type { Ports } from "../ports/ports.ts";

const number = z.object({ port: z.coerce.number().int().min(1).max(65_535) });

interface NetworkRoutesOptions {
  readonly conversations: ConversationsApi;
  readonly ports: Pick<Ports, "link">;
}

export function networkRoutes(app: Hono, { conversations, ports }: NetworkRoutesOptions): void {
  app.get("/api/conversations/:id/network", async (c) => {
    const { network, state } = await existingConversation(conversations, c.req.param("id"));
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

  app.get("/api/conversations/:id/ports", async (c) => {
    const { id, network } = await existingConversation(conversations, c.req.param("id"));
    const open = network?.ports() ?? [];
    return c.json({ ports: open.map(({ port, loopback }) => ({ port, loopback, path: `/c/${id}/port/${port}/` })) });
  });

  app.post("/api/conversations/:id/ports/:port", async (c) => {
    const { id } = await existingConversation(conversations, c.req.param("id"));
    const { port } = parseParams(c, number);
    const url = ports.link({ conversation: id, port }, c.req.header("Host") ?? "");
    return c.json({ url: url ?? null, path: `/c/${id}/port/${port}/` }, 201);
  });
}
