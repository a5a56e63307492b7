/**
 * Access control for a port on its own host. Its pages belong to the agent's program, so nothing of ours may be in
 * their reach: they get no token, and our token is accepted here only in a header. A person enters by a link that the
 * UI requested (`PortAccess.link`). The link is good once, becomes a cookie for that host alone and leaves the URL. On
 * loopback, processes of the server's own user need no link, as everywhere.
 */
import { createHmac, randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isLocalPeer, type AccessDecision } from "../auth/access-control.ts";
import type { ServerNames } from "../auth/hosts.ts";
import { createTickets } from "../auth/tickets.ts";
import { equalSecrets, presentedTokens } from "../auth/tokens.ts";
import { parsePortHost, type PortHost } from "./port-host.ts";

export const portCookie = "deckhand_port";
export const ticketParameter = "deckhand-ticket";

export interface PortAccess {
  /** The port that the request's host names, whether or not access is granted; undefined for any other host. */
  portOf(request: IncomingMessage): PortHost | undefined;
  authorize(request: IncomingMessage, host: string): Promise<AccessDecision>;
  /** The query to append to a port's `http://host/`. It grants access once, within 30 seconds. */
  link(host: string): string;
}

export function createPortAccess(options: {
  readonly names: ServerNames;
  readonly isLoopback: boolean;
  readonly token: string | undefined;
}): PortAccess {
  const { names, isLoopback, token } = options;
  const tickets = createTickets();
  // Regenerated at every start, which invalidates the cookies made from it.
  const secret = randomBytes(32);
  const sign = (purpose: string, host: string) =>
    createHmac("sha256", secret).update(`${purpose} ${host}`).digest("base64url");

  async function authorize(request: IncomingMessage, host: string): Promise<AccessDecision> {
    const { origin } = request.headers;
    if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
      return refused(403, "Requests from this origin are not allowed on this port.");
    }
    const url = URL.parse(request.url ?? "", `http://${host}`);
    const hasCookie = portCookies(request).some((value) => equalSecrets(value, sign("cookie", host)));
    // The UI opens its frame with a link; later requests of the frame carry the cookie.
    const mayFrame = isFrame(request) && (hasCookie || url?.searchParams.has(ticketParameter) === true);
    if (url === null || !(isOwnRequest(request) || isPageVisit(request) || mayFrame)) {
      return refused(403, "Cross-site requests are not allowed on this port.");
    }
    const ticket = request.method === "GET" ? url.searchParams.get(ticketParameter) : null;
    if (ticket !== null && redeem(ticket, host)) {
      url.searchParams.delete(ticketParameter);
      const location = `${url.pathname.replace(/^\/+/, "/")}${url.search}`;
      return { type: "redirect", location, cookies: cookiesFor(request, host) };
    }
    const isAuthenticated =
      hasCookie ||
      (token !== undefined && bearerTokens(request).some((presented) => equalSecrets(presented, token))) ||
      (isLoopback && names.loopback.has(parsePortHost(host)?.base ?? "") && (await isLocalPeer(request)));
    if (isAuthenticated) return { type: "allowed" };
    return refused(401, "Open this port with its link in the conversation.");
  }

  function redeem(ticket: string, host: string): boolean {
    const [id = "", signature = ""] = ticket.split(".");
    return equalSecrets(signature, sign("ticket", host)) && tickets.redeem(id);
  }

  function cookiesFor(request: IncomingMessage, host: string): readonly string[] {
    const cookie = `${portCookie}=${sign("cookie", host)}; HttpOnly`;
    // In a frame, the UI's page may be of another site (every host below localhost is its own site), which needs a
    // partitioned third-party cookie. The browser stores whichever it accepts.
    const framed = isFrame(request) ? [`${cookie}; SameSite=None; Secure; Partitioned; Path=/`] : [];
    return [`${cookie}; SameSite=Lax; Path=/`, ...framed];
  }

  return {
    authorize,
    portOf(request) {
      const port = parsePortHost(request.headers.host ?? "");
      return port !== undefined && names.hosts.has(port.base) ? port : undefined;
    },
    link: (host) => `?${ticketParameter}=${tickets.issue().ticket}.${sign("ticket", host)}`,
  };
}

function refused(status: 401 | 403, message: string): AccessDecision {
  return { type: "refused", status, code: status === 401 ? "unauthorized" : "forbidden", message };
}

/** A request of the port's own page, or of a program. */
function isOwnRequest({ headers }: IncomingMessage): boolean {
  const site = headers["sec-fetch-site"];
  return site === undefined || site === "same-origin" || site === "none";
}

/** A followed link. */
function isPageVisit({ method, headers }: IncomingMessage): boolean {
  return method === "GET" && headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
}

/** The response's `frame-ancestors` restricts which pages may show the frame. */
function isFrame({ method, headers }: IncomingMessage): boolean {
  return method === "GET" && headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "iframe";
}

function portCookies({ headers }: IncomingMessage): string[] {
  const pairs = (headers.cookie ?? "").split(";").map((pair) => pair.trim());
  return pairs.filter((pair) => pair.startsWith(`${portCookie}=`)).map((pair) => pair.slice(portCookie.length + 1));
}

function bearerTokens(request: IncomingMessage): string[] {
  return /^bearer /i.test(request.headers.authorization ?? "") ? presentedTokens(request) : [];
}
