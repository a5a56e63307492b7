/**
 * The only way out of a sandbox: an HTTP proxy that runs in the server and listens in the sandbox's network namespace
 * (namespace.ts). CONNECT opens a tunnel whose content is not inspected, except for the TLS server name at its start.
 * Plain HTTP is forwarded request by request, and each request is checked, including those that follow a redirect. Only
 * socket buffers hold data.
 */
import {
  createServer,
  request as requestHttp,
  STATUS_CODES,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { isIP, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream";
import { refusalSentence } from "@deckhand/protocol";
import type { ConnectionLog } from "./connection-log.ts";
import { canonicalHost, parseTarget, targetText, type Target } from "../policy/host.ts";
import { reach, type Reached, type ReachOptions } from "./reach.ts";
import { serverNameGate } from "./server-name.ts";

export interface ProxyOptions extends ReachOptions {
  readonly log: ConnectionLog;
  /** Closes connections without traffic. Set by tests. */
  readonly idleMs?: number;
}

/** Package managers open some dozens. Further connections are refused at once. */
const maxConnections = 256;
const defaultIdleMs = 300_000;
/** Time for the other side to end after one has. */
const closingMs = 30_000;
/** RFC 9110, 7.6.1, and headers meant for the proxy itself. */
const hopByHop = new Set(
  ["connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer"].concat(
    "transfer-encoding",
    "upgrade",
  ),
);

/** Takes over `listener`. Disposing ends all connections. */
export function openProxy(listener: Server, options: ProxyOptions): Disposable {
  const { log, idleMs = defaultIdleMs } = options;
  const outside = new Set<Socket>();
  const inside = new Set<Socket>();
  let opening = 0;

  async function open(target: Target, plain: boolean): Promise<Reached> {
    if (outside.size + opening >= maxConnections) {
      return { type: "refused", refusal: { ...target, reason: "too_many" } };
    }
    opening += 1;
    const reached = await reach(target, plain, options).finally(() => (opening -= 1));
    if (reached.type !== "connected") return reached;
    const { socket } = reached;
    outside.add(socket);
    socket.once("close", () => outside.delete(socket));
    socket.on("error", () => {});
    socket.setTimeout(idleMs, () => socket.destroy());
    socket.once("end", () => socket.setTimeout(Math.min(closingMs, idleMs)));
    log.opened(target, reached.rule, socket);
    return reached;
  }

  async function tunnel(request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    client.on("error", () => {});
    const target = parseTarget(request.url ?? "");
    const reached = target === undefined ? invalidTarget(request.url ?? "") : await open(target, false);
    if (target === undefined || reached.type !== "connected") return void client.end(rawResponse(failureOf(reached)));
    const { socket } = reached;
    if (client.destroyed) return void socket.destroy();
    client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    if (head.length > 0) client.unshift(head);
    const refuse = (host: string): void => log.refused({ host, port: target.port, reason: "other_server" });
    const gate = serverNameGate({
      // The rules for ports 80 and 443 are about websites. Where every host is allowed, names do not matter.
      required: target.port === 443 && options.policy.mode === "allow" && isIP(target.host) === 0,
      allows(name) {
        const requested = canonicalHost(name);
        if (requested === target.host) return true;
        refuse(requested ?? target.host);
        return false;
      },
      onMalformed: () => refuse(target.host),
    });
    client.once("end", () => socket.setTimeout(Math.min(closingMs, idleMs)));
    pipeline(client, gate, socket, () => {});
    pipeline(socket, client, () => {});
  }

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.parse(request.url ?? "");
    const target = url?.protocol === "http:" ? parseTarget(`${url.hostname}:${url.port || 80}`) : undefined;
    const reached = target === undefined ? invalidTarget(request.url ?? "") : await open(target, true);
    if (url === null || target === undefined || reached.type !== "connected")
      return sendFailure(response, failureOf(reached));
    const { socket, upstream } = reached;
    const path = `${url.pathname}${url.search}`;
    const headers = forwardedHeaders(request.rawHeaders, ["host", url.host], ["connection", "close"]);
    if (upstream?.authorization !== undefined) headers.push("proxy-authorization", upstream.authorization);
    const outgoing = requestHttp({
      createConnection: () => socket,
      method: request.method,
      path: upstream === undefined ? path : `http://${targetText(target)}${path}`,
      headers: headers as never,
      setHost: false,
    });
    outgoing.on("response", (incoming) => {
      try {
        response.writeHead(incoming.statusCode ?? 502, forwardedHeaders(incoming.rawHeaders) as never);
      } catch {
        // Node parses more than it can send: a status of 099, a control character.
        return void response.destroy();
      }
      pipeline(incoming, response, () => {});
    });
    outgoing.on("error", () => {
      if (response.headersSent) response.destroy();
      else sendFailure(response, failureOf({ type: "failed", why: `${target.host} did not respond` }));
    });
    response.once("close", () => socket.destroy());
    pipeline(request, outgoing, () => {});
  }

  function failureOf(reached: Reached): Failure {
    if (reached.type === "refused") {
      log.refused(reached.refusal);
      return { status: 403, text: refusalSentence(reached.refusal) };
    }
    return { status: 502, text: reached.type === "failed" ? reached.why : "" };
  }

  const http = createServer({ headersTimeout: 15_000, requestTimeout: 0, keepAliveTimeout: 15_000 });
  // The sandbox cannot hold more connections open than could be in use.
  http.maxConnections = maxConnections;
  http.on("connection", (socket) => {
    inside.add(socket);
    socket.once("close", () => inside.delete(socket));
    socket.on("error", () => {});
  });
  http.on("clientError", (_error, socket) => socket.destroy());
  http.on("connect", (request: IncomingMessage, client: Duplex, head: Buffer) => {
    tunnel(request, client, head).catch(() => client.destroy());
  });
  http.on("request", (request: IncomingMessage, response: ServerResponse) => {
    forward(request, response).catch(() => response.destroy());
  });
  http.listen(listener);
  return {
    [Symbol.dispose]() {
      http.close();
      for (const socket of [...inside, ...outside]) socket.destroy();
    },
  };
}

interface Failure {
  readonly status: 403 | 502;
  readonly text: string;
}

function invalidTarget(text: string): Reached {
  // Only printable characters, without the path, which may contain a secret.
  const shown = (/^(?:http:\/\/)?([\x21-\x7e]{1,100})/i.exec(text)?.[1] ?? "").replace(/[/?#].*$/s, "");
  return { type: "refused", refusal: { host: shown.replace(/^.*@/, ""), port: 0, reason: "bad_name" } };
}

function sendFailure(response: ServerResponse, { status, text }: Failure): void {
  const body = `${text}\n`;
  response.writeHead(status, { "Content-Type": "text/plain", Connection: "close" }).end(body);
}

function rawResponse({ status, text }: Failure): string {
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: text/plain\r\nConnection: close`;
  return `${head}\r\nContent-Length: ${Buffer.byteLength(text) + 1}\r\n\r\n${text}\n`;
}

/** The original headers in Node's flat form, without hop-by-hop headers, and with those in `set` replaced. */
function forwardedHeaders(raw: readonly string[], ...set: readonly (readonly [string, string])[]): string[] {
  const dropped = new Set([...hopByHop, ...set.map(([name]) => name)]);
  for (let at = 0; at < raw.length; at += 2) {
    if (raw[at]?.toLowerCase() !== "connection") continue;
    for (const name of (raw[at + 1] ?? "").split(",")) dropped.add(name.trim().toLowerCase());
  }
  const remaining = raw.flatMap((name, at) =>
    at % 2 === 0 && !dropped.has(name.toLowerCase()) ? [name, raw[at + 1] ?? ""] : [],
  );
  return [...remaining, ...set.flat()];
}
