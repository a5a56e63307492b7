/**
 * Who may come in. One decision for every HTTP request and for every upgrade before 101:
 *
 *   target, Host, Origin, Sec-Fetch-Site, Content-Type  ->  a page of somebody else's, or DNS rebinding: refused
 *   who is it                                            ->  a process of our own user on loopback: in
 *                                                            a right token (header, cookie, ticket): in
 *                                                            else: 401
 *
 * The first line is for browsers, which run other people's code but cannot forge these headers; the second for
 * everybody else, who can.
 */
import type { IncomingMessage } from "node:http";
import type { ErrorCode } from "@deckhand/protocol";
import { bracketed, isLoopbackAddress, serverNames } from "./hosts.ts";
import { isSameUser } from "./local-peer.ts";
import { createTickets, type Tickets } from "./tickets.ts";
import { equalSecrets, presentedTokens, tokenCookieHeader } from "./tokens.ts";

export interface AccessOptions {
  /** The address that the server is bound to, as the system tells it. */
  readonly address: string;
  readonly port: number;
  /** Further names under which it is reached. */
  readonly hosts: readonly string[];
  /** Lets in from anywhere. Without one only the own user on loopback comes in. */
  readonly token: string | undefined;
}

export type AccessDecision =
  | { readonly verdict: "in" }
  /** The link with the token was followed: keep it in a cookie and leave the URL. */
  | { readonly verdict: "redirect"; readonly cookie: string | undefined }
  | {
      readonly verdict: "refused";
      readonly status: 400 | 401 | 403 | 415;
      readonly code: ErrorCode;
      readonly message: string;
    };

export interface AccessControl {
  authorize(request: IncomingMessage): Promise<AccessDecision>;
  readonly tickets: Tickets;
}

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);
/** Traces of a proxy: then the peer is the proxy, and its owner says nothing about who asks. */
const proxyHeaders = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

export function createAccessControl(options: AccessOptions, tickets: Tickets = createTickets()): AccessControl {
  const names = serverNames(options);
  const local = isLoopbackAddress(options.address);
  const right = (token: string): boolean => options.token !== undefined && equalSecrets(token, options.token);

  async function decide(request: IncomingMessage): Promise<AccessDecision> {
    const url = targetOf(request);
    if (url === undefined) return refused(400, "bad_request", "The request's target is not a path.");
    const host = soleHost(request);
    if (host === undefined || !isOurs(request, host)) {
      return refused(403, "forbidden", "This server is not reached under this name (the Host header).");
    }
    const { origin } = request.headers;
    if (origin !== undefined && !(names.origins.has(origin) || isAddressOrigin(request, origin))) {
      return refused(403, "forbidden", "Pages of this origin may not use this server.");
    }
    if (isCrossSite(request) && !isPageVisit(request, url)) {
      return refused(403, "forbidden", "Other sites may not use this server.");
    }
    if (!safeMethods.has(request.method ?? "") && !isJson(request, url)) {
      return refused(415, "bad_request", "The body's Content-Type must be application/json.");
    }
    return admit(request, url, host);
  }

  async function admit(request: IncomingMessage, url: URL, host: string): Promise<AccessDecision> {
    const linked = request.method === "GET" && url.pathname === "/" ? url.searchParams.get("token") : null;
    if (linked !== null && right(linked)) return { verdict: "redirect", cookie: tokenCookieHeader(linked) };
    const ticket = request.method === "GET" ? url.searchParams.get("ticket") : null;
    const known =
      (ticket !== null && tickets.redeem(ticket)) ||
      presentedTokens(request).some(right) ||
      (local && names.loopback.has(host) && (await isLocalPeer(request)));
    if (!known) return refused(401, "unauthorized", "A valid token is needed: open the link that the server printed.");
    return linked === null ? { verdict: "in" } : { verdict: "redirect", cookie: undefined };
  }

  function isOurs(request: IncomingMessage, host: string): boolean {
    return names.hosts.has(host) || arrivedAt(request, host);
  }

  function isAddressOrigin(request: IncomingMessage, origin: string): boolean {
    return origin.startsWith("http://") && arrivedAt(request, origin.slice("http://".length));
  }

  /** Bound to all addresses, the one that this connection came to is a name too; a literal address is no DNS name. */
  function arrivedAt(request: IncomingMessage, host: string): boolean {
    const address = request.socket.localAddress?.replace(/^::ffff:(?=\d+\.)/, "");
    if (address === undefined || !(options.address === "0.0.0.0" || options.address === "::")) return false;
    return host === `${bracketed(address)}:${options.port}` || (options.port === 80 && host === bracketed(address));
  }

  return { authorize: decide, tickets };
}

function refused(status: 400 | 401 | 403 | 415, code: ErrorCode, message: string): AccessDecision {
  return { verdict: "refused", status, code, message };
}

/** The same user's process on this machine, speaking for itself. */
export async function isLocalPeer({ socket, headers }: IncomingMessage): Promise<boolean> {
  if (socket.remoteAddress === undefined || !isLoopbackAddress(socket.remoteAddress)) return false;
  if (proxyHeaders.some((name) => headers[name] !== undefined)) return false;
  return isSameUser(socket);
}

function targetOf(request: IncomingMessage): URL | undefined {
  if (request.url === undefined || !/^\/(?!\/)/.test(request.url)) return undefined;
  return URL.parse(request.url, "http://target.invalid") ?? undefined;
}

/** Node keeps the first of several Host headers in `headers` and drops the others silently. */
function soleHost(request: IncomingMessage): string | undefined {
  const { rawHeaders } = request;
  const hosts = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === "host");
  return hosts.length === 1 ? hosts[0] : undefined;
}

function isCrossSite(request: IncomingMessage): boolean {
  const site = request.headers["sec-fetch-site"];
  return site === "cross-site" || site === "same-site";
}

/** Somebody follows a link to our page: that is what links are for. Everything that answers with data is not a page. */
function isPageVisit(request: IncomingMessage, url: URL): boolean {
  return (
    request.method === "GET" &&
    request.headers["sec-fetch-mode"] === "navigate" &&
    request.headers["sec-fetch-dest"] === "document" &&
    !/^\/(api|ws|health|c\/[^/]+\/port)(\/|$)/.test(url.pathname)
  );
}

/**
 * JSON is what a form of another site cannot send without asking first. No body at all is fine. Neither can it send JSON
 * lines, which are what an import is made of; nowhere else is there a use for them. Where files are taken a form is too, of
 * our own page or of a program: a browser's says of which origin it is, and that was looked at.
 */
const takesFiles = /^\/api\/(?:uploads|upload-files|conversations\/[^/]+\/(?:upload|file))$/;
const fileTypes =
  /^(?:multipart\/form-data|application\/(?:octet-stream|zip|x-zip-compressed|x-tar|gzip|x-gzip)) *(?:;|$)/i;

function isJson(request: IncomingMessage, url: URL): boolean {
  const { headers } = request;
  const type = headers["content-type"];
  if (url.pathname === "/api/conversations/import" && /^application\/x-ndjson *(;|$)/i.test(type ?? "")) return true;
  // A form knows no PUT.
  if (takesFiles.test(url.pathname) && (request.method === "PUT" || fileTypes.test(type ?? ""))) return true;
  if (type !== undefined) return /^application\/json *(;|$)/i.test(type);
  return headers["transfer-encoding"] === undefined && (headers["content-length"] ?? "0") === "0";
}
