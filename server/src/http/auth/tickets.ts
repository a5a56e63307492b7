/** Single-use tickets for WebSockets and downloads, which cannot carry a header. Held in memory for 30 seconds. */
import { randomBytes } from "node:crypto";

const lifetimeMs = 30_000;
/** Far above legitimate use. Beyond it, the oldest ticket is dropped. */
const maxTickets = 1000;

export interface Tickets {
  issue(): { readonly ticket: string; readonly expires_in_s: number };
  /** True at most once per ticket, and only before it expires. */
  redeem(ticket: string): boolean;
}

export function createTickets(now: () => number = Date.now): Tickets {
  // Ordered by expiry: a Map keeps insertion order, and all tickets live equally long.
  const expiry = new Map<string, number>();

  function issue(): { ticket: string; expires_in_s: number } {
    for (const [ticket, atMs] of expiry) {
      if (atMs > now() && expiry.size < maxTickets) break;
      expiry.delete(ticket);
    }
    const ticket = randomBytes(24).toString("base64url");
    expiry.set(ticket, now() + lifetimeMs);
    return { ticket, expires_in_s: lifetimeMs / 1000 };
  }

  // A hash lookup does not compare character by character, so there is no timing to measure.
  function redeem(ticket: string): boolean {
    const atMs = expiry.get(ticket);
    expiry.delete(ticket);
    return atMs !== undefined && atMs > now();
  }

  return { issue, redeem };
}
