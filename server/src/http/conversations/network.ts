/** `/api/conversations/:id/network` and `…/ports`: the connections of its commands, and ports they listen on. */
import type { Hono } from "hono";
import { z } from "zod";
import type { ConversationsApi } from "../../conversation/api.ts";
import { existingConversation } from "../../wire/conversation-id.ts";
import { parseParams } from "../input.ts";
import type { Ports } from "../ports/ports.ts";

const portParams = z.object({ port: z.coerce.number().int().min(1).max(65_535) });

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
      connections: connections.map((connection) => ({
        host: connection.host,
        port: connection.port,
        address: connection.address,
        rule: connection.rule,
        started_at: connection.startedAt,
        duration_ms: connection.durationMs,
        up_bytes: connection.upBytes,
        down_bytes: connection.downBytes,
        open: connection.open,
      })),
      hosts: hosts.map((host) => ({
        host: host.host,
        connections: host.connections,
        refused: host.refused,
        up_bytes: host.upBytes,
        down_bytes: host.downBytes,
      })),
    });
  });

  app.get("/api/conversations/:id/ports", async (c) => {
    const { id, network } = await existingConversation(conversations, c.req.param("id"));
    const openPorts = network?.ports() ?? [];
    return c.json({
      ports: openPorts.map(({ port, loopback }) => ({ port, loopback, path: `/c/${id}/port/${port}/` })),
    });
  });

  app.post("/api/conversations/:id/ports/:port", async (c) => {
    const { id } = await existingConversation(conversations, c.req.param("id"));
    const { port } = parseParams(c, portParams);
    const url = ports.link({ conversation: id, port }, c.req.header("Host") ?? "");
    return c.json({ url: url ?? null, path: `/c/${id}/port/${port}/` }, 201);
  });
}
