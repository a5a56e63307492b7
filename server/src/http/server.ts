/**
 * The HTTP server: listens and shuts down, with access control in front of every route and WebSocket.
 *
 *   request --> access control --> sandbox port, or route
 *   upgrade --> access control --> sandbox port, or WebSocket endpoint (upgrade.ts)
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { keepAliveMs } from "../wire/keep-alive.ts";
import { createAccessControl, type AccessControl } from "./auth/access-control.ts";
import { assertMayBind, bracketed, isLoopbackAddress, serverNames } from "./auth/hosts.ts";
import { createTickets } from "./auth/tickets.ts";
import { errorBody, errorResponse, type ErrorBody } from "./error-response.ts";
import { createPorts, type Ports } from "./ports/ports.ts";
import { createRoutes, type RouteDependencies } from "./routes.ts";
import { securityHeaders } from "./security-headers.ts";
import { createUpgrades, type WebSocketEndpoints } from "./upgrade.ts";

export interface ServeOptions extends RouteDependencies {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** Grants access from anywhere. Required if `host` is not loopback. */
  readonly token: string | undefined;
  /** Additional names under which the server is reachable, `name` or `name:port`. */
  readonly hosts: readonly string[];
  readonly webSockets: WebSocketEndpoints;
  /** How often an idle event stream sends a sign of life. Set by tests only. */
  readonly tickMs?: number;
}

export interface Listening {
  readonly url: string;
  readonly port: number;
  /** Closes WebSockets with 1012, ends streams, and resolves within a second. */
  close(): Promise<void>;
}

/** Time for responses in progress when the server stops. */
const drainMs = 300;

/** Fails with a plain `Error` if the address may not be bound without a token, or with the system's (`EADDRINUSE`). */
export async function serve(options: ServeOptions): Promise<Listening> {
  assertMayBind(options.host, options.token);
  const { token, hosts, webSockets, tickMs = keepAliveMs } = options;
  const stopping = new AbortController();
  const server = createServer({
    // Long enough for a slow connection and a large upload, short enough not to hold dead sockets.
    headersTimeout: 15_000,
    requestTimeout: 600_000,
    // Some HTTP clients send `Upgrade: h2c` along; that is an ordinary request.
    shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === "websocket",
  });
  const connections = new Set<Socket>();
  server.on("connection", (socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  await listen(server, options);
  const { address, port } = server.address() as AddressInfo;
  assertMayBind(address, token);
  const tickets = createTickets();
  const access = createAccessControl({ address, port, hosts, token }, tickets);
  const names = serverNames({ address, port, hosts });
  const ports = createPorts({ ...options, names, isLoopback: isLoopbackAddress(address) });
  const routes = createRoutes({ ...options, ports, tickets, tickMs, signal: stopping.signal });
  const respond = getRequestListener(routes.fetch, { overrideGlobalObjects: false });
  const upgrades = createUpgrades({ access, ports, webSockets });
  server.on("request", (request, response) => void handle(access, ports, request, response, respond));
  server.on("upgrade", upgrades.upgrade);

  async function close(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    stopping.abort();
    await upgrades.close();
    server.closeIdleConnections();
    const timer = setTimeout(() => {
      for (const socket of connections) socket.destroy();
    }, drainMs);
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

async function handle(
  access: AccessControl,
  ports: Ports,
  request: IncomingMessage,
  response: ServerResponse,
  respond: ReturnType<typeof getRequestListener>,
): Promise<void> {
  try {
    const decision = await (ports.isPortHost(request) ? ports : access).authorize(request);
    switch (decision.type) {
      case "allowed": {
        const target = ports.target(request);
        return await (target === undefined ? respond(request, response) : ports.forward(request, response, target));
      }
      case "redirect":
        if (decision.cookies.length > 0) response.setHeader("Set-Cookie", decision.cookies);
        response.writeHead(302, { ...securityHeaders, "Cache-Control": "no-store", Location: decision.location }).end();
        return;
      case "refused":
        refuse(response, decision.status, errorBody(decision.code, decision.message));
    }
  } catch (error) {
    if (response.headersSent) return void response.destroy();
    const { status, body } = errorResponse(error);
    refuse(response, status, body);
  }
}

/** Closes the connection too, because the request body is not read. */
function refuse(response: ServerResponse, status: number, body: ErrorBody): void {
  const text = JSON.stringify(body);
  const headers = {
    ...securityHeaders,
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
    "Cache-Control": "no-store",
    Connection: "close",
  };
  response.writeHead(status, headers).end(text);
}
