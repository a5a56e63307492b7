/** `/api/settings`: what the server keeps of a person's wishes. No secret comes back. */
import type { Hono } from "hono";
import { z } from "zod";
import { mcpServer, type McpServer, type SettingsPatch, type SettingsReport } from "@deckhand/protocol";
import type { McpApi } from "../../mcp/mcp.ts";
import { parseBody } from "../input.ts";

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
  app.patch("/api/settings", async (c) => c.json(await settings.change(await parseBody(c, z.looseObject({})))));

  app.get("/api/mcp", (c) => c.json({ servers: mcp.states() }));
  // Where the browser comes back to: a page, as its visitor is. `state` is known to whoever was sent to log in, and to nobody else.
  app.get("/mcp-login", async (c) => {
    const { state = "", code = "", error = "" } = c.req.query();
    if (error !== "" || code === "") return c.text("The login did not work; nothing has changed.", 400);
    const name = await mcp.login(state, code);
    return c.text(`You are logged in at ${name}. This page can be closed.`);
  });
  // The same, for who reaches this server under another name than it knows of itself: the address at which the browser has ended.
  app.post("/api/mcp/login", async (c) => {
    const { address } = await parseBody(c, z.object({ address: z.url().max(8192) }));
    const { searchParams: answer } = new URL(address);
    return c.json({ name: await mcp.login(answer.get("state") ?? "", answer.get("code") ?? "") });
  });
  // One that is set, by its name, or one that may be set here, as it would be.
  app.post("/api/settings/mcp/check", async (c) => {
    const { name, server } = await parseBody(c, mcpTrial);
    return c.json(await mcp.check(await settings.mcpServer(name, server), c.req.raw.signal));
  });
}
