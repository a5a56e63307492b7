/**
 * `Upgrade: websocket`: access control first, then a sandbox port or one of the server's own endpoints. A refused
 * request gets a plain HTTP response and no WebSocket.
 */
import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { DeckhandError } from "@deckhand/protocol";
import type { AccessControl } from "./auth/access-control.ts";
import { errorBody, errorResponse, type ErrorBody } from "./error-response.ts";
import type { Ports } from "./ports/ports.ts";
import { securityHeaders } from "./security-headers.ts";

/** The server's own WebSocket endpoints. */
export interface WebSocketEndpoints {
  /** Completes the handshake and serves the socket. Fails with a `DeckhandError` before anything is sent. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
  /** Closes every socket and resolves once all are gone, within a second. */
  close(): Promise<void>;
}

export interface UpgradeOptions {
  readonly access: AccessControl;
  readonly ports: Ports;
  readonly webSockets: WebSocketEndpoints;
}

export interface Upgrades {
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Refuses further upgrades and closes the open sockets. */
  close(): Promise<void>;
}

export function createUpgrades({ access, ports, webSockets }: UpgradeOptions): Upgrades {
  let isClosing = false;

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    accept(request, socket, head).catch((error: unknown) => {
      const { status, body } = errorResponse(error);
      refuse(socket, status, body);
    });
  }

  async function accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const decision = await (ports.isPortHost(request) ? ports : access).authorize(request);
    if (decision.type === "refused") {
      return refuse(socket, decision.status, errorBody(decision.code, decision.message));
    }
    if (isClosing) throw new DeckhandError("shutting_down");
    // Only pages are redirected, and no page takes an upgrade.
    if (decision.type === "redirect") throw new DeckhandError("unknown_path");
    const target = ports.target(request);
    if (target !== undefined) return ports.upgrade(request, socket, head, target);
    return webSockets.accept(request, socket, head);
  }

  async function close(): Promise<void> {
    isClosing = true;
    await webSockets.close();
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
  // Half-open sockets are allowed here, so a peer that never closes its half would keep the connection forever.
  socket.once("finish", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("\r\n")}\r\n\r\n${text}`);
}
