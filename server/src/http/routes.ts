/** All routes behind access control. Paths without a route or a file of the web UI are answered with 404. */
import { Hono, type Context } from "hono";
import type { CostsApi } from "../conversation/costs.ts";
import type { RulesApi } from "../conversation/approvals/server-rules.ts";
import type { McpApi } from "../mcp/mcp.ts";
import type { Tickets } from "./auth/tickets.ts";
import { conversationRoutes } from "./conversations/conversations.ts";
import { costRoutes } from "./conversations/costs.ts";
import { eventRoutes } from "./conversations/events.ts";
import { historyRoutes } from "./conversations/history.ts";
import { inboxRoutes } from "./conversations/inbox.ts";
import { networkRoutes } from "./conversations/network.ts";
import { terminalRoutes } from "./conversations/terminals.ts";
import { transferRoutes } from "./conversations/transfer.ts";
import { errorBody, errorResponse } from "./error-response.ts";
import { classicFileRoutes } from "./files/classic-files.ts";
import { fileRoutes, type FileRoutesOptions } from "./files/files.ts";
import type { Ports } from "./ports/ports.ts";
import { pageSecurityPolicy, securityHeaders } from "./security-headers.ts";
import { modelRoutes, type ModelsApi } from "./settings/models.ts";
import { ruleRoutes } from "./settings/rules.ts";
import { settingsRoutes, type SettingsApi } from "./settings/settings.ts";
import { webUiRoutes } from "./web-ui.ts";

/** The agents that a conversation can use, and what is wrong with the definitions that were skipped. */
export interface AgentsList {
  readonly described: readonly { readonly name: string; readonly description: string }[];
  readonly broken: readonly string[];
}

/** What the routes need from the rest of the server. */
export interface RouteDependencies extends FileRoutesOptions {
  /** Signs the tokens of classic clients. */
  readonly jwtSecret: string;
  readonly rules: RulesApi;
  readonly costs: CostsApi;
  /** The model used when none is chosen. */
  readonly defaultModel: () => Promise<string>;
  /** Additional fields for `GET /api/health`. */
  readonly health: () => Promise<object>;
  readonly models: ModelsApi;
  readonly agents: AgentsList;
  readonly settings: SettingsApi;
  readonly mcp: McpApi;
  /** Folder of the built web UI; undefined to serve none. */
  readonly webRoot: string | undefined;
  readonly version: string;
}

export interface RoutesOptions extends RouteDependencies {
  readonly ports: Pick<Ports, "link">;
  readonly tickets: Tickets;
  /** How often an idle event stream sends a sign of life. */
  readonly tickMs: number;
  /** Aborted when the server stops; ends event streams. */
  readonly signal: AbortSignal;
}

export function createRoutes(options: RoutesOptions): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(securityHeaders)) c.header(name, value);
    c.header("Content-Security-Policy", pageSecurityPolicy(c.req.header("Host") ?? ""));
    if (!c.res.headers.has("Cache-Control")) c.header("Cache-Control", "no-store");
  });

  app.get("/api/health", async (c) => c.json({ status: "ok", version: options.version, ...(await options.health()) }));
  app.post("/api/ticket", (c) => c.json(options.tickets.issue(), 201));
  app.get("/api/agents", (c) => c.json({ agents: agentNames(options.agents), ...options.agents }));
  modelRoutes(app, options.models);
  conversationRoutes(app, options.conversations);
  inboxRoutes(app, options.conversations);
  transferRoutes(app, options.conversations);
  costRoutes(app, options);
  networkRoutes(app, options);
  ruleRoutes(app, options.rules);
  settingsRoutes(app, options.settings, options.mcp);
  eventRoutes(app, options);
  fileRoutes(app, options);
  classicFileRoutes(app, options);
  terminalRoutes(app, options.conversations);
  historyRoutes(app, options.conversations, options.signal);
  classicOptionRoutes(app, options);
  app.all("/api/*", notFound);
  webUiRoutes(app, options.webRoot);
  app.notFound(notFound);
  app.onError((error, c) => {
    const { status, body } = errorResponse(error);
    // The rest of an upload stays unread, so the connection cannot be used again.
    if (c.req.raw.body !== null && c.req.header("Content-Type")?.startsWith("application/json") !== true) {
      c.header("Connection", "close");
    }
    return c.json(body, status);
  });
  return app;
}

/** What the web UI of OpenHands 0.9–0.14 requests before it connects. We have no security analyzers. */
function classicOptionRoutes(app: Hono, options: RoutesOptions): void {
  app.get("/health", (c) => c.json("OK"));
  app.get("/api/options/models", async (c) => c.json((await options.models.names()).toSorted()));
  app.get("/api/options/agents", (c) => c.json(agentNames(options.agents).toSorted()));
  app.get("/api/options/security-analyzers", (c) => c.json([]));
}

function agentNames({ described }: AgentsList): string[] {
  return described.map(({ name }) => name);
}

function notFound(c: Context): Response {
  return c.json(errorBody("unknown_path"), 404);
}
