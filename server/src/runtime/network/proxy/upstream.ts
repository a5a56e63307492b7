/**
 * The proxy that the server itself has to use (HTTPS_PROXY, HTTP_PROXY). Our checks come first: the rule, and where the name can be resolved
 * here, its addresses. What the name means to the upstream proxy is then its own affair: it is asked for the name, because most of
 * them filter by it, so the address is pinned by it and not by us. Private addresses that a rule names are reached directly.
 */
import { once } from "node:events";
import type { Socket } from "node:net";
import { targetText, type Target } from "../policy/host.ts";

export interface Upstream {
  readonly host: string;
  readonly port: number;
  /** For `Proxy-Authorization`. */
  readonly authorization: string | undefined;
  /** Has it connect `socket` through to the target. Fails when it does not. */
  tunnel(socket: Socket, target: Target, signal: AbortSignal): Promise<void>;
}

const maxAnswerBytes = 16_384;

/** Undefined where none is set. Fails with a plain `Error` for one that is not `http://host:port`; its password is in no message. */
export function upstreamOf(env: Readonly<Record<string, string | undefined>>): Upstream | undefined {
  const names = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];
  const name = names.find((each) => (env[each] ?? "") !== "");
  if (name === undefined) return undefined;
  const url = URL.parse(env[name] ?? "");
  if (url === null || url.protocol !== "http:")
    throw new Error(`${name}: only a proxy of the form http://host:port can be used.`);
  const login =
    url.username === "" ? undefined : `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const authorization = login === undefined ? undefined : `Basic ${Buffer.from(login).toString("base64")}`;
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || 80),
    authorization,
    async tunnel(socket, target, signal) {
      const through = targetText(target);
      const proof = authorization === undefined ? "" : `Proxy-Authorization: ${authorization}\r\n`;
      socket.write(`CONNECT ${through} HTTP/1.1\r\nHost: ${through}\r\n${proof}\r\n`);
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(await answer(socket, signal))?.[1];
      if (status === "200") return;
      socket.destroy();
      throw new Error(`the upstream proxy answered ${status ?? "nonsense"}`);
    },
  };
}

/** The head of its answer; what comes after it is left in the socket. */
async function answer(socket: Socket, signal: AbortSignal): Promise<string> {
  let head = Buffer.alloc(0);
  for (;;) {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) {
      if (socket.readableEnded || socket.destroyed) throw new Error("the upstream proxy hung up");
      await once(socket, "readable", { signal }).catch((error: unknown) => {
        socket.destroy();
        throw error;
      });
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end === -1 && head.length < maxAnswerBytes) continue;
    if (end !== -1 && head.length > end + 4) socket.unshift(head.subarray(end + 4));
    return head.subarray(0, end === -1 ? head.length : end).toString("latin1");
  }
}
