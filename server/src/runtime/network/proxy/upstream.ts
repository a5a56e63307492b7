/**
 * The proxy that the server itself has to use (HTTPS_PROXY, HTTP_PROXY). Our checks come first: the rule and, if the
 * name can be resolved here, its addresses. The upstream proxy is then given the name, because most of them filter by
 * name; so it resolves the name again, and the address is not pinned by us. Private addresses that a rule allows are
 * reached directly.
 */
import { once } from "node:events";
import type { Socket } from "node:net";
import { targetText, type Target } from "../policy/host.ts";

export interface Upstream {
  readonly host: string;
  readonly port: number;
  /** For `Proxy-Authorization`. */
  readonly authorization: string | undefined;
  /** Sends CONNECT for the target on `socket`. Fails if the proxy refuses. */
  tunnel(socket: Socket, target: Target, signal: AbortSignal): Promise<void>;
}

const maxHeadBytes = 16_384;

/**
 * Undefined if none is set. Throws a plain `Error`, without the password, if the proxy is not of the form
 * `http://host:port`.
 */
export function upstreamOf(env: Readonly<Record<string, string | undefined>>): Upstream | undefined {
  const names = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];
  const name = names.find((each) => (env[each] ?? "") !== "");
  if (name === undefined) return undefined;
  const url = URL.parse(env[name] ?? "");
  if (url === null || url.protocol !== "http:") {
    throw new Error(`${name}: only a proxy of the form http://host:port is supported.`);
  }
  const login =
    url.username === "" ? undefined : `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const authorization = login === undefined ? undefined : `Basic ${Buffer.from(login).toString("base64")}`;
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || 80),
    authorization,
    async tunnel(socket, target, signal) {
      const authority = targetText(target);
      const credentials = authorization === undefined ? "" : `Proxy-Authorization: ${authorization}\r\n`;
      socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${credentials}\r\n`);
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(await readHead(socket, signal))?.[1];
      if (status === "200") return;
      socket.destroy();
      throw new Error(`the upstream proxy answered with ${status ?? "an invalid response"}`);
    },
  };
}

/** The head of the response; what follows stays in the socket. */
async function readHead(socket: Socket, signal: AbortSignal): Promise<string> {
  let head = Buffer.alloc(0);
  for (;;) {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) {
      if (socket.readableEnded || socket.destroyed) throw new Error("the upstream proxy closed the connection");
      await once(socket, "readable", { signal }).catch((error: unknown) => {
        socket.destroy();
        throw error;
      });
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end === -1 && head.length < maxHeadBytes) continue;
    if (end !== -1 && head.length > end + 4) socket.unshift(head.subarray(end + 4));
    return head.subarray(0, end === -1 ? head.length : end).toString("latin1");
  }
}
