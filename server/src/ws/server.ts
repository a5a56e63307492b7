/**
 * The WebSocket endpoints: which one a request asks for, the handshake, and the open sockets.
 *
 *   /ws                                          native or classic (`dialect.ts`)
 *   /api/conversations/:id/terminals/:terminal   a terminal (`terminal.ts`)
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { DeckhandError, errorKinds } from "@deckhand/protocol";
import type { ConversationsApi, WatchedTerminal } from "../conversation/api.ts";
import { createClassicTokens } from "../wire/classic-token.ts";
import { keepAliveMs } from "../wire/keep-alive.ts";
import { createClassicSession, type ClassicSession } from "./classic/session.ts";
import { dialectOf, type Dialect } from "./dialect.ts";
import { createNativeSession, type NativeSession } from "./native/session.ts";
import { defaultLimits, Socket } from "./socket.ts";
import { createTerminalSession, findTerminal, type TerminalSession } from "./terminal.ts";

export interface SocketServerOptions {
  readonly conversations: ConversationsApi;
  /** Signs the tokens of classic clients. */
  readonly jwtSecret: string;
  readonly version: string;
  /** The options below are set by tests only. */
  readonly tickMs?: number;
  readonly pingMs?: number;
  readonly stalledMs?: number;
}

export interface SocketServer {
  /**
   * Completes the handshake and serves the socket. Fails with `unknown_path`, `unknown_conversation` or `forbidden`
   * before anything is sent.
   */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
  /** Closes every socket with 1012 and resolves once all are gone, after half a second at the latest. */
  close(): Promise<void>;
}

const frameBytes = 8 * 1024 * 1024;
const maxSubscriptions = 100;
/** Time for the last frames and the closing handshake. After it the connection is cut. */
const closeTimeoutMs = 500;

type Terminal = { readonly dialect: "terminal"; readonly subprotocol: undefined; readonly terminal: WatchedTerminal };
type Endpoint = Exclude<Dialect, { readonly dialect: "refused" }> | Terminal;

export function createSocketServer(options: SocketServerOptions): SocketServer {
  const { conversations, version, tickMs = keepAliveMs } = options;
  const { pingMs = defaultLimits.pingMs, stalledMs = defaultLimits.stalledMs } = options;
  const limits = { ...defaultLimits, pingMs, stalledMs };
  const tokens = createClassicTokens(options.jwtSecret);
  const endpoints = new WeakMap<IncomingMessage, Endpoint>();
  const sockets = new Set<Socket>();
  const handshakes = new WebSocketServer({
    noServer: true,
    maxPayload: frameBytes,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: (_, request) => endpoints.get(request)?.subprotocol ?? false,
  });

  async function accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const endpoint = await findEndpoint(request);
    endpoints.set(request, endpoint);
    handshakes.handleUpgrade(request, socket, head, (ws) => open(ws, endpoint));
  }

  async function findEndpoint(request: IncomingMessage): Promise<Endpoint> {
    const terminal = await findTerminal(request.url ?? "", conversations);
    if (terminal !== undefined) return { dialect: "terminal", subprotocol: undefined, terminal };
    if (request.url?.split("?", 1)[0] !== "/ws") throw new DeckhandError("unknown_path");
    const dialect = dialectOf(request);
    if (dialect.dialect !== "refused") return dialect;
    throw new DeckhandError(
      "forbidden",
      "Unsupported subprotocols: use `deckhand.v1`, or these three: `openhands`, a token or NO_JWT, NO_GITHUB.",
    );
  }

  function open(ws: WebSocket, endpoint: Endpoint): void {
    const session = sessionFor(endpoint);
    const socket = new Socket(ws, limits, session.frame);
    sockets.add(socket);
    void socket.gone.then(() => sockets.delete(socket));
    session.open(socket);
  }

  function sessionFor(endpoint: Endpoint): NativeSession | ClassicSession | TerminalSession {
    switch (endpoint.dialect) {
      case "terminal":
        return createTerminalSession(endpoint.terminal);
      case "classic":
        return createClassicSession({ ...endpoint, conversations, tokens });
      case "native":
        return createNativeSession({
          conversations,
          version,
          tickMs,
          limits: { frameBytes, framesPerSecond: limits.framesPerSecond, subscriptions: maxSubscriptions },
        });
    }
  }

  async function close(): Promise<void> {
    const { close: code, sentence } = errorKinds.shutting_down;
    await Promise.all([...sockets].map((socket) => socket.end(code, sentence, closeTimeoutMs)));
  }

  return { accept, close };
}
