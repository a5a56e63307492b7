/** Headers of every response: no content from other origins, no framing, no content sniffing. */
import { baseHost } from "./ports/port-host.ts";

/**
 * `style-src 'self'` suffices for Vite's build, which links a style sheet. Images may be data URLs, for pictures in a
 * chat and for screenshots.
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
 * The policy for responses to requests for `host`, which access control has verified. Frames may show sandbox ports,
 * each on its own host below this one, and files that the UI holds as bytes (`blob:`, for PDFs).
 */
export function pageSecurityPolicy(host: string): string {
  const base = baseHost(host);
  return [...contentSecurityPolicy, `frame-src blob:${base === undefined ? "" : ` *.${base}`}`].join("; ");
}
