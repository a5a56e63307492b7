/**
 * Access control: one decision for every HTTP request and for every WebSocket upgrade before the 101.
 *
 *   1. Is it a browser acting for another site, or DNS rebinding?   refused with 400, 403 or 415
 *      (request target, Host, Origin, Sec-Fetch-Site, Content-Type)
 *   2. Is the caller a process of our own user on loopback, or does it carry a valid token
 *      (header, cookie, link or ticket)?                            allowed; 401 otherwise
 *
 * The first check is for browsers, which run other people's code but cannot forge these headers. The second is for
 * every other client, which can.
 */
import type { IncomingMessage } from "node:http";
import type { ErrorCode } from "@deckhand/protocol";
import { bracketed, isLoopbackAddress, serverNames } from "./hosts.ts";
import { isSameUser } from "./local-peer.ts";
import { createTickets, type Tickets } from "./tickets.ts";
import { equalSecrets, presentedTokens, tokenCookieHeader } from "./tokens.ts";

export interface AccessOptions {
  /** The address that the server is bound to, as the operating system reports it. */
  readonly address: string;
  readonly port: number;
  /** Additional host names under which the server is reachable. */
  readonly hosts: readonly string[];
  /** Grants access from anywhere. Without a token, only processes of our own user on loopback have access. */
  readonly token: string | undefined;
}

export type AccessDecision =
  | { readonly type: "allowed" }
  /** A link with a token or ticket was followed: it moves into cookies, and out of the URL. */
  | { readonly type: "redirect"; readonly location: string; readonly cookies: readonly string[] }
  | {
      readonly type: "refused";
      readonly status: 400 | 401 | 403 | 415;
      readonly code: ErrorCode;
      readonly message: string;
    };

export interface AccessControl {
  authorize(request: IncomingMessage): Promise<AccessDecision>;
  readonly tickets: Tickets;
}

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);
/** Behind a proxy the peer is the proxy, so the owner of its process says nothing about the caller. */
const proxyHeaders = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

export function createAccessControl(options: AccessOptions, tickets: Tickets = createTickets()): AccessControl {
  const names = serverNames(options);
  const isLoopback = isLoopbackAddress(options.address);
  const isValid = (token: string): boolean => options.token !== undefined && equalSecrets(token, options.token);

  async function authorize(request: IncomingMessage): Promise<AccessDecision> {
    const url = targetUrl(request);
    if (url === undefined) return refused(400, "bad_request", "The request target must be a path.");
    const host = singleHost(request);
    if (host === undefined || !isOurHost(request, host)) {
      const message = "The Host header does not name this server. Add further host names with DECKHAND_HOSTS.";
      return refused(403, "forbidden", message);
    }
    const { origin } = request.headers;
    if (origin !== undefined && !(names.origins.has(origin) || isAddressOrigin(request, origin))) {
      return refused(403, "forbidden", "Requests from this origin are not allowed.");
    }
    if (isCrossSite(request) && !isPageVisit(request, url)) {
      return refused(403, "forbidden", "Cross-site requests are not allowed.");
    }
    if (!safeMethods.has(request.method ?? "") && !hasAcceptedType(request, url)) {
      return refused(415, "bad_request", "The Content-Type must be application/json.");
    }
    return authenticate(request, url, host);
  }

  async function authenticate(request: IncomingMessage, url: URL, host: string): Promise<AccessDecision> {
    const linkToken = request.method === "GET" && url.pathname === "/" ? url.searchParams.get("token") : null;
    if (linkToken !== null && isValid(linkToken)) {
      return { type: "redirect", location: "/", cookies: [tokenCookieHeader(linkToken)] };
    }
    const ticket = request.method === "GET" ? url.searchParams.get("ticket") : null;
    const isAuthenticated =
      (ticket !== null && tickets.redeem(ticket)) ||
      presentedTokens(request).some(isValid) ||
      (isLoopback && names.loopback.has(host) && (await isLocalPeer(request)));
    if (!isAuthenticated) {
      return refused(401, "unauthorized", "A valid token is required. Open the link that the server printed at start.");
    }
    return linkToken === null ? { type: "allowed" } : { type: "redirect", location: "/", cookies: [] };
  }

  function isOurHost(request: IncomingMessage, host: string): boolean {
    return names.hosts.has(host) || isConnectionAddress(request, host);
  }

  function isAddressOrigin(request: IncomingMessage, origin: string): boolean {
    return origin.startsWith("http://") && isConnectionAddress(request, origin.slice("http://".length));
  }

  /**
   * When bound to all addresses, the address that this connection arrived at counts as a name of the server. A literal
   * address cannot be rebound through DNS.
   */
  function isConnectionAddress(request: IncomingMessage, host: string): boolean {
    const address = request.socket.localAddress?.replace(/^::ffff:(?=\d+\.)/, "");
    if (address === undefined || !(options.address === "0.0.0.0" || options.address === "::")) return false;
    return host === `${bracketed(address)}:${options.port}` || (options.port === 80 && host === bracketed(address));
  }

  return { authorize, tickets };
}

function refused(status: 400 | 401 | 403 | 415, code: ErrorCode, message: string): AccessDecision {
  return { type: "refused", status, code, message };
}

/** True for a direct connection (no proxy) from a process of the same user on this machine. */
export async function isLocalPeer({ socket, headers }: IncomingMessage): Promise<boolean> {
  if (socket.remoteAddress === undefined || !isLoopbackAddress(socket.remoteAddress)) return false;
  if (proxyHeaders.some((name) => headers[name] !== undefined)) return false;
  return isSameUser(socket);
}

function targetUrl(request: IncomingMessage): URL | undefined {
  if (request.url === undefined || !/^\/(?!\/)/.test(request.url)) return undefined;
  return URL.parse(request.url, "http://target.invalid") ?? undefined;
}

/** Node puts the first of several Host headers into `headers` and drops the others silently. */
function singleHost(request: IncomingMessage): string | undefined {
  const { rawHeaders } = request;
  const hosts = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === "host");
  return hosts.length === 1 ? hosts[0] : undefined;
}

function isCrossSite(request: IncomingMessage): boolean {
  const site = request.headers["sec-fetch-site"];
  return site === "cross-site" || site === "same-site";
}

/** Following a link from another site to the UI is allowed. Paths that return data are not pages. */
function isPageVisit(request: IncomingMessage, url: URL): boolean {
  return (
    request.method === "GET" &&
    request.headers["sec-fetch-mode"] === "navigate" &&
    request.headers["sec-fetch-dest"] === "document" &&
    isPagePath(url.pathname)
  );
}

/** The router matches the decoded path, so `/%61pi/settings` is no page either. */
function isPagePath(path: string): boolean {
  try {
    return !/^\/(api|ws|health|c\/[^/]+\/port)(\/|$)/.test(decodeURIComponent(path));
  } catch {
    return false;
  }
}

const importPath = "/api/conversations/import";
const uploadPaths = /^\/api\/(?:uploads|upload-files|conversations\/[^/]+\/(?:upload|file))$/;
const uploadTypes =
  /^(?:multipart\/form-data|application\/(?:octet-stream|zip|x-zip-compressed|x-tar|gzip|x-gzip)) *(?:;|$)/i;

/**
 * A form on another site cannot send JSON, JSON lines or a PUT without a CORS preflight. JSON lines are accepted by the
 * import only. Upload routes also accept forms, which other sites can send: there the check of `Origin` protects us,
 * because a browser always sends it with a form. A request without a body needs no type.
 */
function hasAcceptedType(request: IncomingMessage, url: URL): boolean {
  const { headers } = request;
  const type = headers["content-type"];
  if (url.pathname === importPath && /^application\/x-ndjson *(;|$)/i.test(type ?? "")) return true;
  if (uploadPaths.test(url.pathname) && (request.method === "PUT" || uploadTypes.test(type ?? ""))) return true;
  if (type !== undefined) return /^application\/json *(;|$)/i.test(type);
  return headers["transfer-encoding"] === undefined && (headers["content-length"] ?? "0") === "0";
}
