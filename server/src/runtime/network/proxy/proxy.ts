/**
 * The only way from a sandbox to the outside: an HTTP proxy that listens in the sandbox's network namespace (namespace.ts) and runs
 * here. CONNECT is a tunnel whose content is not looked at, but for the server name with which its TLS begins; plain HTTP is sent on
 * request by request, each one checked anew, a redirect's too. Nothing is buffered but what a socket holds.
 */
import {
  createServer,
  request as requestHttp,
  STATUS_CODES,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { Server, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream";
import { refusalSentence } from "@deckhand/protocol";
import type { ConnectionLog } from "./connection-log.ts";
import { canonicalHost, parseTarget, targetText, type Target } from "../policy/host.ts";
import { reach, type Reached, type ReachOptions } from "./reach.ts";
import { serverNameGate } from "./server-name.ts";

export interface ProxyOptions extends ReachOptions {
  readonly log: ConnectionLog;
  /** For tests; nothing has gone either way for so long. */
  readonly idleMs?: number;
}

/** Package managers open some dozens; what is beyond waits for nobody. */
const mostConnections = 256;
const idleMsByDefault = 300_000;
/** Once one side has ended, for the other to do so. */
const closingMs = 30_000;
/** RFC 9110, 7.6.1; and what belongs to a proxy alone. */
const hopByHop = new Set(
  ["connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer"].concat(
    "transfer-encoding",
    "upgrade",
  ),
);

/** Takes over `door`, a listening server. Ends with all that goes through it. */
export function openProxy(door: Server, options: ProxyOptions): Disposable {
  const { log, idleMs = idleMsByDefault } = options;
  const outside = new Set<Socket>();
  const inside = new Set<Socket>();
  let opening = 0;

  async function open(target: Target, plain: boolean): Promise<Reached> {
    if (outside.size + opening >= mostConnections) {
      return { is: "refused", refusal: { ...target, reason: "too_many" } };
    }
    opening += 1;
    const reached = await reach(target, plain, options).finally(() => (opening -= 1));
    if (reached.is !== "reached") return reached;
    const { socket } = reached;
    outside.add(socket);
    socket.once("close", () => outside.delete(socket));
    socket.on("error", () => {});
    socket.setTimeout(idleMs, () => socket.destroy());
    socket.once("end", () => socket.setTimeout(Math.min(closingMs, idleMs)));
    log.began(target, reached.rule, socket);
    return reached;
  }

  async function tunnel(request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    client.on("error", () => {});
    const target = parseTarget(request.url ?? "");
    const reached = target === undefined ? noName(request.url ?? "") : await open(target, false);
    if (target === undefined || reached.is !== "reached") return void client.end(rawAnswer(told(reached)));
    const { socket } = reached;
    if (client.destroyed) return void socket.destroy();
    client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    if (head.length > 0) client.unshift(head);
    const gate = serverNameGate((name) => {
      const asked = canonicalHost(name);
      if (asked === target.host) return true;
      log.refused({ host: asked ?? target.host, port: target.port, reason: "other_server" });
      return false;
    });
    client.once("end", () => socket.setTimeout(Math.min(closingMs, idleMs)));
    pipeline(client, gate, socket, () => {});
    pipeline(socket, client, () => {});
  }

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.parse(request.url ?? "");
    const target = url?.protocol === "http:" ? parseTarget(`${url.hostname}:${url.port || 80}`) : undefined;
    const reached = target === undefined ? noName(request.url ?? "") : await open(target, true);
    if (url === null || target === undefined || reached.is !== "reached") return answer(response, told(reached));
    const { socket, upstream } = reached;
    const path = `${url.pathname}${url.search}`;
    const headers = passedOn(request.rawHeaders, ["host", url.host], ["connection", "close"]);
    if (upstream?.authorization !== undefined) headers.push("proxy-authorization", upstream.authorization);
    const asked = requestHttp({
      createConnection: () => socket,
      method: request.method,
      path: upstream === undefined ? path : `http://${targetText(target)}${path}`,
      headers: headers as never,
      setHost: false,
    });
    asked.on("response", (answered) => {
      try {
        response.writeHead(answered.statusCode ?? 502, passedOn(answered.rawHeaders) as never);
      } catch {
        // What came in can be read, and not be sent: a status of 099, a control character.
        return void response.destroy();
      }
      pipeline(answered, response, () => {});
    });
    asked.on("error", () => {
      if (response.headersSent) response.destroy();
      else answer(response, told({ is: "failed", why: `${target.host} did not answer` }));
    });
    response.once("close", () => socket.destroy());
    pipeline(request, asked, () => {});
  }

  function told(reached: Reached): Told {
    if (reached.is === "refused") {
      log.refused(reached.refusal);
      return { status: 403, text: refusalSentence(reached.refusal) };
    }
    return { status: 502, text: reached.is === "failed" ? reached.why : "" };
  }

  const http = createServer({ headersTimeout: 15_000, requestTimeout: 0, keepAliveTimeout: 15_000 });
  // Never more half-open ones from inside than could be at work.
  http.maxConnections = mostConnections;
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
  http.listen(door);
  return {
    [Symbol.dispose]() {
      http.close();
      for (const socket of [...inside, ...outside]) socket.destroy();
    },
  };
}

interface Told {
  readonly status: 403 | 502;
  readonly text: string;
}

function noName(text: string): Reached {
  // Only what a person can read, and not a path that may have a secret in it.
  const shown = (/^(?:http:\/\/)?([\x21-\x7e]{1,100})/i.exec(text)?.[1] ?? "").replace(/[/?#].*$/s, "");
  return { is: "refused", refusal: { host: shown.replace(/^.*@/, ""), port: 0, reason: "bad_name" } };
}

function answer(response: ServerResponse, { status, text }: Told): void {
  const body = `${text}\n`;
  response.writeHead(status, { "Content-Type": "text/plain", Connection: "close" }).end(body);
}

function rawAnswer({ status, text }: Told): string {
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: text/plain\r\nConnection: close`;
  return `${head}\r\nContent-Length: ${Buffer.byteLength(text) + 1}\r\n\r\n${text}\n`;
}

/** Headers as they came, in Node's flat form, without those of this connection alone, and with `set` in place of theirs. */
function passedOn(raw: readonly string[], ...set: readonly (readonly [string, string])[]): string[] {
  const dropped = new Set([...hopByHop, ...set.map(([name]) => name)]);
  for (let at = 0; at < raw.length; at += 2) {
    if (raw[at]?.toLowerCase() !== "connection") continue;
    for (const name of (raw[at + 1] ?? "").split(",")) dropped.add(name.trim().toLowerCase());
  }
  const kept = raw.flatMap((name, at) =>
    at % 2 === 0 && !dropped.has(name.toLowerCase()) ? [name, raw[at + 1] ?? ""] : [],
  );
  return [...kept, ...set.flat()];
}
