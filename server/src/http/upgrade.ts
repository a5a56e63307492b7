/**
 * `GET /ws` with `Upgrade: websocket`: the door first, then the dialect, then 101. Whoever is refused gets a plain HTTP
 * answer and never a socket.
 */
import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { errorKinds } from "@deckhand/protocol";
import type { ConversationsApi, WatchedTerminal } from "../conversation/api.ts";
import { createClassicSession, type ClassicSession } from "../ws/classic/session.ts";
import { createClassicTokens } from "../wire/classic-token.ts";
import { dialectOf, type Dialect } from "../ws/dialect.ts";
import { createNativeSession, type NativeSession } from "../ws/native/session.ts";
import { defaultLimits, Socket } from "../ws/socket.ts";
import { createTerminalSession, type TerminalSession } from "../ws/terminal.ts";
import type { AccessControl } from "./auth/access-control.ts";
import { errorBody, errorResponse, statusOf, type ErrorBody } from "./error-response.ts";
import { securityHeaders } from "./security-headers.ts";
import type { ForwardTarget } from "./ports/forward.ts";
import type { Ports } from "./ports/ports.ts";
import { terminalAt } from "./conversations/terminals.ts";

export interface UpgradeOptions {
  readonly door: AccessControl;
  readonly ports: Ports;
  readonly conversations: ConversationsApi;
  readonly jwtSecret: string;
  readonly version: string;
  readonly tickMs: number;
  readonly pingMs: number;
  readonly stalledMs: number;
}

export interface Upgrades {
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Ends every socket with 1012; resolves when all are gone, after half a second at the latest. */
  close(): Promise<void>;
}

const frameBytes = 8 * 1024 * 1024;
const subscriptions = 100;
/** For the last frames to go out; a peer that does not even close is cut off. */
const closingMs = 500;

type Terminal = { readonly dialect: "terminal"; readonly subprotocol: undefined; readonly terminal: WatchedTerminal };
type Spoken = Exclude<Dialect, { readonly dialect: "refused" }> | Terminal;

export function createUpgrades(options: UpgradeOptions): Upgrades {
  const { conversations, door, ports, version, tickMs } = options;
  const tokens = createClassicTokens(options.jwtSecret);
  const chosen = new WeakMap<IncomingMessage, Spoken>();
  const sockets = new Set<Socket>();
  let closing = false;
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: frameBytes,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: (_, request) => chosen.get(request)?.subprotocol ?? false,
  });

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    void decide(request).then(
      (decision) => {
        if ("status" in decision) return refuse(socket, decision.status, decision.body);
        if ("port" in decision) return toPort(request, socket, head, decision);
        chosen.set(request, decision);
        webSockets.handleUpgrade(request, socket, head, (ws) => open(ws, decision));
      },
      (error: unknown) => {
        const { status, body } = errorResponse(error);
        refuse(socket, status, body);
      },
    );
  }

  function toPort(request: IncomingMessage, socket: Duplex, head: Buffer, to: ForwardTarget): void {
    ports.upgrade(request, socket, head, to).catch((error: unknown) => {
      const { status, body } = errorResponse(error);
      refuse(socket, status, body);
    });
  }

  async function decide(
    request: IncomingMessage,
  ): Promise<Spoken | ForwardTarget | { status: number; body: ErrorBody }> {
    const verdict = ports.isPortHost(request) ? await ports.authorize(request) : await door.authorize(request);
    if (verdict.verdict === "refused") {
      return { status: verdict.status, body: errorBody(verdict.code, verdict.message) };
    }
    if (closing) return { status: 503, body: errorBody("shutting_down") };
    const to = verdict.verdict === "in" ? ports.target(request) : undefined;
    if (to !== undefined) return to;
    const terminal = ports.isPortHost(request) ? undefined : await terminalAt(request.url ?? "", conversations);
    if (terminal !== undefined) return { dialect: "terminal", subprotocol: undefined, terminal };
    if (ports.isPortHost(request) || request.url?.split("?", 1)[0] !== "/ws")
      return { status: 404, body: errorBody("unknown_path") };
    const dialect = dialectOf(request);
    if (dialect.dialect !== "refused") return dialect;
    const message = "The subprotocols are `deckhand.v1`, or three: `openhands`, a token or NO_JWT, NO_GITHUB.";
    return { status: statusOf("forbidden"), body: errorBody("forbidden", message) };
  }

  function open(ws: WebSocket, dialect: Spoken): void {
    const session = sessionOf(dialect);
    const limits = { ...defaultLimits, pingMs: options.pingMs, stalledMs: options.stalledMs };
    const socket = new Socket(ws, limits, session.frame);
    sockets.add(socket);
    void socket.gone.then(() => sockets.delete(socket));
    session.open(socket);
  }

  function sessionOf(spoken: Spoken): NativeSession | ClassicSession | TerminalSession {
    switch (spoken.dialect) {
      case "terminal":
        return createTerminalSession(spoken.terminal);
      case "classic":
        return createClassicSession({ ...spoken, conversations, tokens });
      case "native":
        return createNativeSession({
          conversations,
          version,
          tickMs,
          limits: { frameBytes, framesPerSecond: defaultLimits.framesPerSecond, subscriptions },
        });
    }
  }

  async function close(): Promise<void> {
    closing = true;
    const { close: code, sentence } = errorKinds.shutting_down;
    const gone = [...sockets].map((socket) => socket.end(code, sentence, closingMs));
    await Promise.all(gone);
  }

  return { upgrade, close };
}

function refuse(socket: Duplex, status: number, body: ErrorBody): void {
  const text = JSON.stringify(body);
  const headers = {
    ...securityHeaders,
    "Content-Type": "application/json",
    "Content-Length": String(Buffer.byteLength(text)),
    Connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  // Half-closed sockets are allowed here, and a peer that never closes its half would stay for ever.
  socket.once("finish", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("\r\n")}\r\n\r\n${text}`);
}
