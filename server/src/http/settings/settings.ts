/** `/api/settings` and MCP logins. Secrets are never returned. */
import type { Hono } from "hono";
import { z } from "zod";
import { mcpServer, type McpServer, type SettingsPatch, type SettingsReport } from "@deckhand/protocol";
import type { McpApi } from "../../mcp/mcp.ts";
import { parseBody } from "../input.ts";

export interface SettingsApi {
  report(): Promise<SettingsReport>;
  /** Fails with `bad_args`, `forbidden`, `conflict`, `store_failed`. */
  change(patch: SettingsPatch): Promise<SettingsReport>;
  /**
   * The configured server of that name, or the given one, checked. Fails with `bad_args`, and with `forbidden` for a
   * local program that may not be configured over HTTP.
   */
  mcpServer(name: string | undefined, server: McpServer | undefined): Promise<McpServer>;
}

const mcpTrial = z.object({ name: z.string().max(100).optional(), server: mcpServer.optional() });

export function settingsRoutes(app: Hono, settings: SettingsApi, mcp: McpApi): void {
  app.get("/api/settings", async (c) => c.json(await settings.report()));
  app.patch("/api/settings", async (c) => c.json(await settings.change(await parseBody(c, z.looseObject({})))));

  app.get("/api/mcp", (c) => c.json({ servers: mcp.states() }));
  // The OAuth redirect target. Only the browser that started the login knows `state`.
  app.get("/mcp-login", async (c) => {
    const { state = "", code = "", error = "" } = c.req.query();
    if (error !== "" || code === "") return c.text("Login failed. Nothing was changed.", 400);
    const name = await mcp.login(state, code);
    return c.text(`Logged in to ${name}. You can close this page.`);
  });
  // For clients that reach the server under another name than the redirect's: they send the URL the browser ended at.
  app.post("/api/mcp/login", async (c) => {
    const { address } = await parseBody(c, z.object({ address: z.url().max(8192) }));
    const { searchParams: query } = new URL(address);
    return c.json({ name: await mcp.login(query.get("state") ?? "", query.get("code") ?? "") });
  });
  // Tests a configured server by name, or a new one before it is saved.
  app.post("/api/settings/mcp/check", async (c) => {
    const { name, server } = await parseBody(c, mcpTrial);
    return c.json(await mcp.check(await settings.mcpServer(name, server), c.req.raw.signal));
  });
}
