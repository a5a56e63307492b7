/** A proxy that listens on this machine, servers that play the internet, and client calls through the proxy. */
import { once } from "node:events";
import { createServer, request, type IncomingMessage, type RequestListener, type Server } from "node:http";
import {
  connect,
  createServer as createNetServer,
  type AddressInfo,
  type Server as NetServer,
  type Socket,
} from "node:net";
import { ConnectionLog } from "./connection-log.ts";
import { openProxy, type ProxyOptions } from "./proxy.ts";
import { networkPolicy, parseRule, type NetworkMode } from "../policy/rules.ts";

export interface Outside extends AsyncDisposable {
  readonly port: number;
  readonly server: NetServer;
}

export async function listening(server: NetServer | Server, host = "127.0.0.1"): Promise<Outside> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, host);
  await once(server, "listening");
  return {
    server,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function httpServer(answer: RequestListener): Promise<Outside> {
  return listening(createServer(answer));
}

export interface Proxy extends AsyncDisposable {
  readonly port: number;
  readonly log: ConnectionLog;
  allowed: string[];
  end(): void;
}

/** Names that end in `.test` resolve to this machine. */
export async function proxyFor(
  allow: readonly string[],
  options: Partial<ProxyOptions> & { readonly mode?: NetworkMode } = {},
): Promise<Proxy> {
  const { mode = "allow" } = options;
  const listener = createNetServer();
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const log = new ConnectionLog(mode);
  const allowed: string[] = [];
  const proxy = openProxy(listener, {
    policy: networkPolicy(mode, allow),
    conversationRules: () => allowed.flatMap((text) => parseRule(text) ?? []),
    resolve: (host) =>
      host.endsWith(".test")
        ? Promise.resolve([{ address: "127.0.0.1", family: 4 }])
        : Promise.reject(new Error("ENOTFOUND")),
    upstream: undefined,
    log,
    ...options,
  });
  const end = () => proxy[Symbol.dispose]();
  return { port, log, allowed, end, [Symbol.asyncDispose]: async () => end() };
}

export interface HttpResult {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
}

/** A plain request through the proxy; the URL is sent unchanged. */
export function get(
  port: number,
  url: string,
  init: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<HttpResult> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpResult>();
  const outgoing = request({
    host: "127.0.0.1",
    port,
    path: url,
    method: init.method ?? "GET",
    headers: init.headers,
    agent: false,
  });
  outgoing.on("error", reject);
  outgoing.on("response", (response) => {
    let body = "";
    response.setEncoding("utf8").on("data", (text: string) => (body += text));
    response.on("end", () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
    response.on("error", reject);
  });
  outgoing.end(init.body);
  return promise;
}

/** Opens a tunnel. `body` is what followed the head of the response. */
export async function tunnel(
  port: number,
  target: string,
): Promise<{ readonly status: number; readonly socket: Socket; readonly body: string }> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  let head = "";
  while (!head.includes("\r\n\r\n")) {
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) head += chunk.toString("latin1");
    else if (socket.readableEnded || socket.destroyed) break;
    else await Promise.race([once(socket, "readable"), once(socket, "close")]);
  }
  const [first = "", body = ""] = head.split("\r\n\r\n");
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(first)?.[1] ?? 0), socket, body };
}

/** Everything received until the other side ends or drops the connection. */
export async function rest(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  if (!socket.destroyed) await Promise.race([once(socket, "end"), once(socket, "close")]);
  return text;
}
