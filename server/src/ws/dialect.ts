/**
 * The dialect of a socket, chosen by its upgrade request:
 *
 *   Sec-WebSocket-Protocol: deckhand.v1, or ?protocol=deckhand.v1    native
 *   no subprotocol                                                   classic, as of OpenHands 0.9–0.12.1
 *   openhands, JWT or NO_JWT, third value                            classic, as of OpenHands 0.12.2–0.14
 *
 * Older classic clients send their token in the query, newer ones in the subprotocols. Both are read.
 */
import type { IncomingMessage } from "node:http";
import { nativeProtocol } from "@deckhand/protocol";

/** Decides field names and the order of frames: 0.9 for clients without subprotocols, 0.14 for those with them. */
export type ClassicVersion = "0.9" | "0.14";

export type Dialect =
  | { readonly dialect: "native"; readonly subprotocol: string | undefined }
  | {
      readonly dialect: "classic";
      readonly version: ClassicVersion;
      readonly subprotocol: string | undefined;
      readonly token: string | undefined;
      /** The client has the events up to this id; -1 for none. */
      readonly after: number;
    }
  /** The subprotocols match no dialect. */
  | { readonly dialect: "refused" };

export function dialectOf(request: IncomingMessage): Dialect {
  const query = new URL(request.url ?? "/", "http://target.invalid").searchParams;
  const offered = (request.headers["sec-websocket-protocol"] ?? "")
    .split(",")
    .map((value) => value.trim())
    .filter((value) => value !== "");
  if (offered.includes(nativeProtocol)) return { dialect: "native", subprotocol: nativeProtocol };
  const [subprotocol, jwt] = offered;
  if (subprotocol === undefined && query.get("protocol") === nativeProtocol) {
    return { dialect: "native", subprotocol: undefined };
  }
  if (subprotocol !== undefined && offered.length < 3) return { dialect: "refused" };
  const token = jwt === undefined || jwt === "NO_JWT" ? (query.get("token") ?? undefined) : jwt;
  const version = subprotocol === undefined ? "0.9" : "0.14";
  return { dialect: "classic", version, subprotocol, token, after: latestEventId(query.get("latest_event_id")) };
}

/** The OpenHands web UI sends `undefined` if the last frame it received had no id. */
function latestEventId(text: string | null): number {
  return text !== null && /^-?\d{1,15}$/.test(text) ? Math.max(-1, Number(text)) : -1;
}
