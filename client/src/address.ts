/** Where the server is: its base address, as a person has it in the browser, gives the others. */
import { nativeProtocol } from "@deckhand/protocol";

/** A base with a path keeps it: `https://host/deckhand` has its API under `https://host/deckhand/api`. */
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

/** A browser cannot send a header with a WebSocket (the cookie comes by itself there); Node can, and does for a token. */
export function openSocket(base: URL, token: string | undefined): WebSocket {
  const url = socketUrl(base);
  if (token === undefined) return new WebSocket(url, [nativeProtocol]);
  const headers = { authorization: `Bearer ${token}` };
  return new (WebSocket as unknown as NodeWebSocket)(url, { protocols: [nativeProtocol], headers });
}
