/** A WebSocket server for the native protocol with one log in memory, which tests can make misbehave. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { action, nativeProtocol, type Event, type NewEvent } from "@deckhand/protocol";
import { WebSocketServer, type WebSocket } from "ws";

export interface FakeServer extends AsyncDisposable {
  readonly url: string;
  /** Every frame received on any socket, oldest first. */
  readonly received: readonly Record<string, unknown>[];
  readonly log: readonly Event[];
  readonly sockets: ReadonlySet<WebSocket>;
  /** Sockets accepted so far. */
  readonly accepted: number;
  append(event: NewEvent): void;
  /** Sends to every socket, regardless of subscriptions. */
  broadcast(frame: object): void;
  dropAll(): void;
}

export interface FakeServerOptions {
  /** Returning a number closes the socket with that code instead of sending hello. */
  readonly onConnect?: (accepted: number) => number | undefined;
  /** Called before the server handles a frame; true means that it is handled. */
  readonly onFrame?: (frame: Record<string, unknown>, socket: WebSocket) => boolean;
  /** Status of `/api/health`, and of the upgrade if it is not 200. */
  readonly status?: () => number;
  readonly frameBytes?: number;
  readonly hello?: boolean;
}

export const thought = (text: string): NewEvent => action("agent", "think", { thought: text });

export async function startFakeServer(options: FakeServerOptions = {}): Promise<FakeServer> {
  const log: Event[] = [];
  const received: Record<string, unknown>[] = [];
  const followers = new Map<WebSocket, { conversation: string; next: number }>();
  const commands = new Map<string, number>();
  const sockets = new Set<WebSocket>();
  let accepted = 0;
  const status = options.status ?? (() => 200);

  const http = createServer((request, response) => {
    response.writeHead(request.url === "/api/health" ? status() : 404).end("{}");
  });
  const server = new WebSocketServer({ noServer: true, handleProtocols: () => nativeProtocol });
  http.on("upgrade", (request: IncomingMessage, socket, head) => {
    if (status() !== 200) return socket.end(`HTTP/1.1 ${status()} No\r\nContent-Length: 0\r\n\r\n`);
    return server.handleUpgrade(request, socket, head, serve);
  });

  const append = (event: NewEvent): number => {
    const id = log.length;
    log.push({ id, timestamp: new Date(id).toISOString(), ...event });
    for (const socket of followers.keys()) flush(socket);
    return id;
  };
  const flush = (socket: WebSocket): void => {
    const follower = followers.get(socket);
    if (follower === undefined) return;
    while (follower.next < log.length) {
      socket.send(JSON.stringify({ conversation: follower.conversation, ...log[follower.next++] }));
    }
  };
  const serve = (socket: WebSocket): void => {
    accepted += 1;
    sockets.add(socket);
    socket.on("close", () => (followers.delete(socket), sockets.delete(socket)));
    const code = options.onConnect?.(accepted);
    if (code !== undefined) return socket.close(code);
    const limits = { frame_bytes: options.frameBytes ?? 1_000_000, frames_per_second: 100, subscriptions: 100 };
    if (options.hello !== false) {
      socket.send(JSON.stringify({ hello: { protocol: nativeProtocol, server: "small", version: "1.0.0", limits } }));
    }
    socket.on("message", (data) => receive(JSON.parse((data as Buffer).toString()), socket));
  };
  const receive = (frame: Record<string, unknown>, socket: WebSocket): void => {
    received.push(frame);
    if (options.onFrame?.(frame, socket) === true) return;
    if ("unsubscribe" in frame) followers.delete(socket);
    if ("subscribe" in frame) {
      const { conversation, after } = frame["subscribe"] as { conversation: string; after: number };
      followers.set(socket, { conversation, next: after + 1 });
      flush(socket);
      socket.send(JSON.stringify({ caught_up: { conversation, id: log.length - 1 } }));
    }
    if ("action" in frame) {
      const command = String(frame["command"]);
      const id = commands.get(command) ?? append({ ...thought(JSON.stringify(frame["args"])), command });
      commands.set(command, id);
      socket.send(JSON.stringify({ ack: { command, id } }));
    }
  };

  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    received,
    log,
    sockets,
    get accepted() {
      return accepted;
    },
    append,
    broadcast: (frame) => {
      for (const socket of sockets) socket.send(JSON.stringify(frame));
    },
    dropAll: () => {
      for (const socket of sockets) socket.terminate();
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.terminate();
      server.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
