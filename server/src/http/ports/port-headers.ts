/** What of a request the agent's program gets to see, and what of its answer a browser. */
import { equalSecrets, tokenCookie } from "../auth/tokens.ts";
import { portCookie } from "./port-access.ts";
import { uiOrigins, parsePortHost } from "./port-host.ts";

/** RFC 9110, 7.6.1. */
const hopByHop = words("connection keep-alive proxy-connection te trailer transfer-encoding upgrade");
/** Ours, or what says where a person comes from. */
const notTold = words("host origin referer forwarded via proxy-authorization x-real-ip");
/** What would reach beyond the page: other paths of the origin, or how the browser connects to the host later on. */
const neverSaid = words(
  "alt-svc clear-site-data strict-transport-security public-key-pins nel report-to reporting-endpoints",
);
/** On our own origin, where the path alone tells it from us. */
const neverSaidByPath = words(
  "set-cookie service-worker-allowed refresh link x-frame-options origin-agent-cluster sourcemap content-security-policy " +
    "content-security-policy-report-only cross-origin-opener-policy cross-origin-resource-policy referrer-policy x-content-type-options",
);

/**
 * An origin of nobody, without storage, cookies or service workers: all that such a page asks for is cross-site, and refused at the door.
 * So a browser shows a page of one file; whoever wants more opens the port's own host.
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
  /** The path below which it is served on our own origin; none where it has a host of its own. */
  readonly prefix: string | undefined;
}

type Flat = readonly string[];

/** Headers for the program, which is to believe that it is asked on its own address; `token` is ours, if there is one. */
export function requestHeaders(raw: Flat, { port, host }: PortAddress, token: string | undefined): string[] {
  const kept = pairs(raw).flatMap(([name, value]): Flat => {
    const lower = name.toLowerCase();
    if (hopByHop.has(lower) || notTold.has(lower) || lower.startsWith("x-forwarded-")) return [];
    if (lower === "authorization") return token !== undefined && isOurs(value, token) ? [] : [name, value];
    if (lower !== "cookie") return [name, value];
    const others = value.split(";").filter((pair) => !isOurCookie(pair));
    return others.length === 0 ? [] : [name, others.join(";").trim()];
  });
  const origin = pairs(raw).some(([name]) => name.toLowerCase() === "origin")
    ? ["Origin", `http://localhost:${port}`]
    : [];
  return [...kept, "Host", `localhost:${port}`, ...origin, "X-Forwarded-Host", host];
}

/** Headers for the browser. */
export function responseHeaders(raw: Flat, { port, host, prefix }: PortAddress): string[] {
  const kept = pairs(raw).flatMap(([name, value]): Flat => {
    const lower = name.toLowerCase();
    if (hopByHop.has(lower) || neverSaid.has(lower)) return [];
    if (prefix !== undefined && (neverSaidByPath.has(lower) || lower.startsWith("access-control-"))) return [];
    if (lower === "location") return [name, location(value, port, prefix ?? "")];
    if (lower !== "set-cookie") return [name, value];
    return isOurCookie(value) ? [] : [name, value.replaceAll(/;\s*domain=[^;]*/gi, "")];
  });
  if (prefix !== undefined) return [...kept, ...sandboxed];
  // Beside what the program says itself; where it is there, `X-Frame-Options` does not count (CSP 3, 6.4.2).
  const base = parsePortHost(host)?.base;
  if (base === undefined) return kept;
  return [...kept, "Content-Security-Policy", `frame-ancestors 'self' ${uiOrigins(base).join(" ")}`];
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
