/**
 * What is spoken on a socket, from its upgrade request alone:
 *
 *   Sec-WebSocket-Protocol: deckhand.v1, or ?protocol=deckhand.v1    native
 *   no subprotocol                                                   classic, as it was up to 0.12.1
 *   openhands, JWT or NO_JWT, third value                            classic, as it was from 0.12.2 on
 *
 * The first client generation put its token into the query, the second into the subprotocols; both are read.
 */
import type { IncomingMessage } from "node:http";
import { nativeProtocol } from "@deckhand/protocol";

/** Field names and order of frames: 0.9 without subprotocols, 0.14 with them. */
export type ClassicVersion = "0.9" | "0.14";

export type Dialect =
  | { readonly dialect: "native"; readonly subprotocol: string | undefined }
  | {
      readonly dialect: "classic";
      readonly era: ClassicVersion;
      readonly subprotocol: string | undefined;
      readonly token: string | undefined;
      /** Events up to this id are there already; -1 for none. */
      readonly after: number;
    }
  /** A subprotocol list that no dialect has. */
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
  const era = subprotocol === undefined ? "0.9" : "0.14";
  return { dialect: "classic", era, subprotocol, token, after: latestEventId(query.get("latest_event_id")) };
}

/** The web page sends `undefined` when the last frame that it saw had no id. */
function latestEventId(text: string | null): number {
  return text !== null && /^-?\d{1,15}$/.test(text) ? Math.max(-1, Number(text)) : -1;
}
