/** Which request headers reach the agent's program, and which of its response headers reach the browser. */
import { equalSecrets, tokenCookie } from "../auth/tokens.ts";
import { portCookie } from "./port-access.ts";
import { uiOrigins, parsePortHost } from "./port-host.ts";

/** RFC 9110, 7.6.1. */
const hopByHop = words("connection keep-alive proxy-connection te trailer transfer-encoding upgrade");
/** Set by us, or revealing where the person comes from. */
const withheldFromProgram = words("host origin referer forwarded via proxy-authorization x-real-ip");
/** Effects beyond the page: on other paths of the origin, or on how the browser connects to the host later. */
const withheldFromBrowser = words(
  "alt-svc clear-site-data strict-transport-security public-key-pins nel report-to reporting-endpoints",
);
/** Also withheld on our own origin, where only the path separates the program from us. */
const withheldOnOurOrigin = words(
  "set-cookie service-worker-allowed refresh link x-frame-options origin-agent-cluster sourcemap content-security-policy " +
    "content-security-policy-report-only cross-origin-opener-policy cross-origin-resource-policy referrer-policy x-content-type-options",
);

/**
 * On our own origin a page is sandboxed into an opaque origin without storage, cookies or service workers. All of its
 * requests are cross-site, which access control refuses, so a browser can show only single-file pages this way.
 * Anything more needs the port's own host.
 */
const sandboxed = Object.entries({
  "Content-Security-Policy": "sandbox allow-scripts allow-forms; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
}).flat();

export interface PortAddress {
  readonly port: number;
  /** The host that the request came to. */
  readonly host: string;
  /** The path below which it is served on our own origin; undefined if it has its own host. */
  readonly prefix: string | undefined;
}

type Flat = readonly string[];

/** Headers for the program, which should see its own address as the host. `token` is the server's and is removed. */
export function requestHeaders(raw: Flat, { port, host }: PortAddress, token: string | undefined): string[] {
  const headers = pairs(raw).flatMap(([name, value]): Flat => {
    const lower = name.toLowerCase();
    if (hopByHop.has(lower) || withheldFromProgram.has(lower) || lower.startsWith("x-forwarded-")) return [];
    if (lower === "authorization") return token !== undefined && isOurs(value, token) ? [] : [name, value];
    if (lower !== "cookie") return [name, value];
    const others = value.split(";").filter((pair) => !isOurCookie(pair));
    return others.length === 0 ? [] : [name, others.join(";").trim()];
  });
  const origin = pairs(raw).some(([name]) => name.toLowerCase() === "origin")
    ? ["Origin", `http://localhost:${port}`]
    : [];
  return [...headers, "Host", `localhost:${port}`, ...origin, "X-Forwarded-Host", host];
}

/** Headers for the browser. */
export function responseHeaders(raw: Flat, { port, host, prefix }: PortAddress): string[] {
  const headers = pairs(raw).flatMap(([name, value]): Flat => {
    const lower = name.toLowerCase();
    if (hopByHop.has(lower) || withheldFromBrowser.has(lower)) return [];
    if (prefix !== undefined && (withheldOnOurOrigin.has(lower) || lower.startsWith("access-control-"))) return [];
    if (lower === "location") return [name, location(value, port, prefix ?? "")];
    if (lower !== "set-cookie") return [name, value];
    return isOurCookie(value) ? [] : [name, value.replaceAll(/;\s*domain=[^;]*/gi, "")];
  });
  if (prefix !== undefined) return [...headers, ...sandboxed];
  // Added to the program's own policy. `frame-ancestors` overrides `X-Frame-Options` (CSP 3, 6.4.2).
  const base = parsePortHost(host)?.base;
  if (base === undefined) return headers;
  return [...headers, "Content-Security-Policy", `frame-ancestors 'self' ${uiOrigins(base).join(" ")}`];
}

function location(value: string, port: number, prefix: string): string {
  const own = new RegExp(`^https?://(?:localhost|127\\.0\\.0\\.1|\\[::1\\]):${port}(?=/|$)`, "i");
  const path = own.test(value) ? value.replace(own, "") || "/" : value;
  return path.startsWith("/") && !path.startsWith("//") ? `${prefix}${path}` : path;
}

function isOurs(authorization: string, token: string): boolean {
  return equalSecrets(authorization.replace(/^bearer +/i, "").trim(), token);
}

function isOurCookie(pair: string): boolean {
  const name = pair.slice(0, Math.max(pair.indexOf("="), 0)).trim();
  return name === tokenCookie || name === portCookie;
}

function pairs(raw: Flat): (readonly [string, string])[] {
  return raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ""] as const] : []));
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(" "));
}
