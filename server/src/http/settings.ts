/** `/api/settings`: what the server keeps of a person's wishes. No secret comes back. */
import type { Hono } from "hono";
import { z } from "zod";
import { mcpServer, type McpServer, type SettingsPatch, type SettingsReport } from "@deckhand/protocol";
import type { McpApi } from "../mcp/mcp.ts";
import { bodyOf } from "./input.ts";

export interface SettingsApi {
  report(): Promise<SettingsReport>;
  /** Fails with `bad_args`, `forbidden`, `conflict`, `store_failed`. */
  change(patch: SettingsPatch): Promise<SettingsReport>;
  /** The server of that name, or this one. Fails with `bad_args`, and with `forbidden` for a program that could not be set either. */
  mcpServer(name: string | undefined, server: McpServer | undefined): Promise<McpServer>;
}

const mcpTrial = z.object({ name: z.string().max(100).optional(), server: mcpServer.optional() });

export function settingsRoutes(app: Hono, settings: SettingsApi, mcp: McpApi): void {
  app.get("/api/settings", async (c) => c.json(await settings.report()));
  app.patch("/api/settings", async (c) => c.json(await settings.change(await bodyOf(c, z.looseObject({})))));

  app.get("/api/mcp", (c) => c.json({ servers: mcp.states() }));
  // One that is set, by its name, or one that may be set here, as it would be.
  app.post("/api/settings/mcp/check", async (c) => {
    const { name, server } = await bodyOf(c, mcpTrial);
    return c.json(await mcp.check(await settings.mcpServer(name, server), c.req.raw.signal));
  });
}
