/** URLs and sockets, derived from the server's base URL. */
import { nativeProtocol } from "@deckhand/protocol";

/** Keeps a path: the API of `https://host/deckhand` is at `https://host/deckhand/api`. */
export function baseUrl(url: string): URL {
  const base = new URL(url);
  base.search = "";
  base.hash = "";
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  return base;
}

export function socketUrl(base: URL): URL {
  const url = new URL("ws", base);
  url.protocol = base.protocol === "https:" ? "wss:" : "ws:";
  return url;
}

type NodeWebSocket = new (
  url: URL,
  init: { readonly protocols: readonly string[]; readonly headers: Readonly<Record<string, string>> },
) => WebSocket;

/** Browsers cannot set headers on a WebSocket, but send the cookie; Node sends the token as a header. */
export function openSocket(base: URL, token: string | undefined): WebSocket {
  return open(socketUrl(base), [nativeProtocol], token);
}

export function openTerminalSocket(
  base: URL,
  { conversation, terminal }: { readonly conversation: string; readonly terminal: string },
  token: string | undefined,
): WebSocket {
  const path = `api/conversations/${encodeURIComponent(conversation)}/terminals/${encodeURIComponent(terminal)}`;
  const url = new URL(path, base);
  url.protocol = base.protocol === "https:" ? "wss:" : "ws:";
  return open(url, [], token);
}

function open(url: URL, protocols: readonly string[], token: string | undefined): WebSocket {
  if (token === undefined) return new WebSocket(url, [...protocols]);
  const headers = { authorization: `Bearer ${token}` };
  return new (WebSocket as unknown as NodeWebSocket)(url, { protocols, headers });
}
