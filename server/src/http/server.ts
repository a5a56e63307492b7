/**
 * Listens, and stops: one node HTTP server, the door in front of everything, routes and sockets behind it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { ConversationsApi } from "../conversation/api.ts";
import type { CostsApi } from "../conversation/costs.ts";
import type { McpApi } from "../mcp/mcp.ts";
import type { RulesApi } from "../conversation/approvals/server-rules.ts";
import { createAccessControl, type AccessControl, type AccessDecision } from "./auth/access-control.ts";
import { errorBody, errorResponse } from "./error-response.ts";
import type { FileRoutesOptions } from "./files/files.ts";
import { securityHeaders } from "./security-headers.ts";
import { assertMayBind, bracketed, isLoopbackAddress, serverNames } from "./auth/hosts.ts";
import type { ModelsApi } from "./settings/models.ts";
import type { ForwardTarget } from "./ports/forward.ts";
import type { PortDecision } from "./ports/port-access.ts";
import { createPorts, type Ports } from "./ports/ports.ts";
import { createRoutes, type AgentsList } from "./routes.ts";
import type { SettingsApi } from "./settings/settings.ts";
import { createTickets } from "./auth/tickets.ts";
import { createUpgrades } from "./upgrade.ts";

export interface ServeOptions extends FileRoutesOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Lets in from anywhere; needed when `host` is beyond loopback. */
  readonly token: string | undefined;
  /** Further names under which the server is reached, `name` or `name:port`. */
  readonly hosts: readonly string[];
  readonly conversations: ConversationsApi;
  readonly rules: RulesApi;
  readonly costs: CostsApi;
  /** What works where nothing is chosen. */
  readonly defaultModel: () => Promise<string>;
  /** What `GET /api/health` says beside `status` and `version`. */
  readonly health: () => Promise<object>;
  readonly models: ModelsApi;
  readonly agents: AgentsList;
  readonly settings: SettingsApi;
  readonly mcp: McpApi;
  /** Folder of the built web UI; undefined where there is none. */
  readonly webRoot: string | undefined;
  /** Signs the tokens of classic clients. */
  readonly jwtSecret: string;
  readonly version: string;
  /** Below: for tests. */
  readonly tickMs?: number;
  readonly pingMs?: number;
  readonly stalledMs?: number;
}

export interface Listening {
  readonly url: string;
  readonly port: number;
  /** Ends sockets with 1012 and streams, and resolves within a second. */
  close(): Promise<void>;
}

/** What answers under way get to go out when the server stops. */
const lastAnswersMs = 300;

/** Fails with a plain `Error` where it may not listen, with the system's where it cannot (`EADDRINUSE`). */
export async function serve(options: ServeOptions): Promise<Listening> {
  assertMayBind(options.host, options.token);
  const { tickMs = 20_000, pingMs = 20_000, stalledMs = 30_000 } = options;
  const stopping = new AbortController();
  const tickets = createTickets();
  const server = createServer({
    // Long enough for a slow line and a large upload, too short to hold sockets for nothing.
    headersTimeout: 15_000,
    requestTimeout: 600_000,
    // `Upgrade: h2c`, which some HTTP clients send along, is a request like any other.
    shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === "websocket",
  });
  const connections = new Set<Socket>();
  server.on("connection", (socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  await listen(server, options);
  const { address, port } = server.address() as AddressInfo;
  assertMayBind(address, options.token);
  const door = createAccessControl({ address, port, hosts: options.hosts, token: options.token }, tickets);
  const names = serverNames({ address, port, hosts: options.hosts });
  const ports = createPorts({ ...options, names, isLoopback: isLoopbackAddress(address) });
  const routes = createRoutes({ ...options, ports, tickets, tickMs, signal: stopping.signal });
  const answer = getRequestListener(routes.fetch, { overrideGlobalObjects: false });
  const upgrades = createUpgrades({ ...options, door, ports, tickMs, pingMs, stalledMs });
  server.on("request", (request, response) => void enter(door, ports, request, response, answer));
  server.on("upgrade", upgrades.upgrade);

  async function close(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    stopping.abort();
    await upgrades.close();
    server.closeIdleConnections();
    const timer = setTimeout(() => {
      for (const socket of connections) socket.destroy();
    }, lastAnswersMs);
    await closed;
    clearTimeout(timer);
  }

  return { url: `http://${bracketed(address)}:${port}`, port, close };
}

function listen(server: Server, { host, port }: ServeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

async function enter(
  door: AccessControl,
  ports: Ports,
  request: IncomingMessage,
  response: ServerResponse,
  answer: ReturnType<typeof getRequestListener>,
): Promise<void> {
  let verdict: AccessDecision | PortDecision;
  try {
    verdict = ports.isPortHost(request) ? await ports.authorize(request) : await door.authorize(request);
  } catch (error) {
    const { status, body } = errorResponse(error);
    return refuse(response, status, JSON.stringify(body));
  }
  switch (verdict.verdict) {
    case "in": {
      const to = ports.target(request);
      return to === undefined ? answer(request, response) : toPort(ports, request, response, to);
    }
    case "redirect": {
      const { cookie, location: Location = "/" } = { location: undefined, ...verdict };
      if (cookie !== undefined) response.setHeader("Set-Cookie", cookie);
      response.writeHead(302, { ...securityHeaders, "Cache-Control": "no-store", Location }).end();
      return;
    }
    case "refused":
      refuse(response, verdict.status, JSON.stringify(errorBody(verdict.code, verdict.message)));
  }
}

async function toPort(
  ports: Ports,
  request: IncomingMessage,
  response: ServerResponse,
  to: ForwardTarget,
): Promise<void> {
  try {
    await ports.forward(request, response, to);
  } catch (error) {
    const { status, body } = errorResponse(error);
    refuse(response, status, JSON.stringify(body));
  }
}

/** The connection is closed too: whatever body comes after is not read. */
function refuse(response: ServerResponse, status: number, body: string): void {
  const headers = {
    ...securityHeaders,
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
    Connection: "close",
  };
  response.writeHead(status, headers).end(body);
}
