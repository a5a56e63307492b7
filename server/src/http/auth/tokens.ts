/** The access token: where a request carries it, and how tokens are compared. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

export const tokenCookie = "deckhand_token";

/** Takes constant time, so the duration reveals neither the length nor the position of a difference. */
export function equalSecrets(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

/** All tokens in the request's `Authorization` header and cookies. A browser may send both. */
export function presentedTokens(request: IncomingMessage): string[] {
  const tokens: string[] = [];
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "");
  if (bearer?.[1] !== undefined) tokens.push(bearer[1]);
  for (const pair of (request.headers.cookie ?? "").split(";")) {
    const equals = pair.indexOf("=");
    if (equals !== -1 && pair.slice(0, equals).trim() === tokenCookie) tokens.push(decoded(pair.slice(equals + 1)));
  }
  return tokens;
}

/** Not `Secure`, because loopback has no TLS. `SameSite=Strict` keeps it out of other sites' links and forms. */
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
