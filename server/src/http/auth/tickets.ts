/** Single-use tickets: for a WebSocket or a download that cannot carry a header. Kept in memory, 30 seconds at most. */
import { randomBytes } from "node:crypto";

const lifeMs = 30_000;
/** More than this many at once is no honest use; the oldest makes room. */
const mostAtOnce = 1000;

export interface Tickets {
  issue(): { readonly ticket: string; readonly expires_in_s: number };
  /** True once for each ticket, and only in time. */
  redeem(ticket: string): boolean;
}

export function createTickets(now: () => number = Date.now): Tickets {
  // By expiry: a Map keeps the order in which tickets were issued, and all live equally long.
  const expiry = new Map<string, number>();

  function issue(): { ticket: string; expires_in_s: number } {
    for (const [ticket, atMs] of expiry) {
      if (atMs > now() && expiry.size < mostAtOnce) break;
      expiry.delete(ticket);
    }
    const ticket = randomBytes(24).toString("base64url");
    expiry.set(ticket, now() + lifeMs);
    return { ticket, expires_in_s: lifeMs / 1000 };
  }

  // A look-up by hash, not a comparison letter by letter: there is no time to measure.
  function redeem(ticket: string): boolean {
    const atMs = expiry.get(ticket);
    expiry.delete(ticket);
    return atMs !== undefined && atMs > now();
  }

  return { issue, redeem };
}
