/** What every response says to a browser: nothing of another origin, no frame, no guessing. */
import { baseHost } from "./ports/port-host.ts";

/**
 * `style-src 'self'` fits what Vite builds (a linked style sheet). Images may be data, for pictures in a chat and
 * screenshots.
 */
const contentSecurityPolicy: readonly string[] = [
  "default-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "style-src 'self'",
  "frame-ancestors 'none'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
];

export const securityHeaders: Readonly<Record<string, string>> = {
  "Content-Security-Policy": contentSecurityPolicy.join("; "),
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/**
 * Of the page that was reached under `host`, whose door has looked at it: in frames it may show what listens in its conversations' sandboxes,
 * each port under a host of its own below this one, and files that it was given as bytes (`blob:`, for a PDF).
 */
export function pageSecurityPolicy(host: string): string {
  const below = baseHost(host);
  return [...contentSecurityPolicy, `frame-src blob:${below === undefined ? "" : ` *.${below}`}`].join("; ");
}
