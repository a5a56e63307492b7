/** The door's token: where a request carries it, and how it is compared. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

export const tokenCookie = "deckhand_token";

/** In a time that tells nothing about where two texts differ, nor how long they are. */
export function equalSecrets(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

/** Every token that the request offers by header or cookie; a browser may well send both. */
export function presentedTokens(request: IncomingMessage): string[] {
  const offered: string[] = [];
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "");
  if (bearer?.[1] !== undefined) offered.push(bearer[1]);
  for (const pair of (request.headers.cookie ?? "").split(";")) {
    const equals = pair.indexOf("=");
    if (equals !== -1 && pair.slice(0, equals).trim() === tokenCookie) offered.push(decoded(pair.slice(equals + 1)));
  }
  return offered;
}

/** Not `Secure`: on loopback there is no TLS. Strict: no other site's link or form carries it. */
export function tokenCookieHeader(token: string): string {
  return `${tokenCookie}=${encodeURIComponent(token)}; HttpOnly; SameSite=Strict; Path=/`;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value.trim());
  } catch {
    return "";
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
