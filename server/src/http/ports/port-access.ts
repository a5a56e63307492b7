/**
 * Who may open a port under its own host. Its pages are the agent's, so nothing of ours is in their reach: they get no token, and a
 * token of ours opens nothing here but by header. A person comes in by a link that our page asked for (`PortDoor.link`); it is good once,
 * becomes a cookie for that host alone, and leaves the URL. On loopback a process of the server's own user needs none, as everywhere.
 */
import { createHmac, randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { ErrorCode } from "@deckhand/protocol";
import { isLocalPeer } from "../auth/access-control.ts";
import type { ServerNames } from "../auth/hosts.ts";
import { createTickets } from "../auth/tickets.ts";
import { equalSecrets, presentedTokens } from "../auth/tokens.ts";
import { parsePortHost, type PortHost } from "./port-host.ts";

export const portCookie = "deckhand_port";
export const ticketParameter = "deckhand-ticket";

export type PortDecision =
  | { readonly verdict: "in" }
  | { readonly verdict: "redirect"; readonly location: string; readonly cookie: readonly string[] }
  | { readonly verdict: "refused"; readonly status: 401 | 403; readonly code: ErrorCode; readonly message: string };

export interface PortAccess {
  /** The port that the request's host names, whoever asks; undefined where the host is another. */
  portOf(request: IncomingMessage): PortHost | undefined;
  authorize(request: IncomingMessage, host: string): Promise<PortDecision>;
  /** What to put behind a port's `http://host/` to come in, once, within 30 seconds. */
  link(host: string): string;
}

export function createPortAccess(options: {
  readonly names: ServerNames;
  readonly isLoopback: boolean;
  readonly token: string | undefined;
}): PortAccess {
  const { names, isLoopback, token } = options;
  const tickets = createTickets();
  // Forgotten at a restart, and so are the cookies that it made.
  const secret = randomBytes(32);
  const proof = (purpose: string, host: string) =>
    createHmac("sha256", secret).update(`${purpose} ${host}`).digest("base64url");

  async function decide(request: IncomingMessage, host: string): Promise<PortDecision> {
    const { origin } = request.headers;
    if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
      return {
        verdict: "refused",
        status: 403,
        code: "forbidden",
        message: "Pages of another origin may not use this port.",
      };
    }
    const url = URL.parse(request.url ?? "", `http://${host}`);
    const invited = cookies(request).some((value) => equalSecrets(value, proof("cookie", host)));
    // The frame of our page comes with a link of ours, and then with the cookie that it became.
    const mayFrame = isFrame(request) && (invited || url?.searchParams.has(ticketParameter) === true);
    if (url === null || !(isOwnOrLink(request) || mayFrame)) {
      return { verdict: "refused", status: 403, code: "forbidden", message: "Other sites may not use this port." };
    }
    const ticket = request.method === "GET" ? url.searchParams.get(ticketParameter) : null;
    if (ticket !== null) {
      const [word = "", mac = ""] = ticket.split(".");
      url.searchParams.delete(ticketParameter);
      if (equalSecrets(mac, proof("ticket", host)) && tickets.redeem(word)) {
        const value = `${portCookie}=${proof("cookie", host)}; HttpOnly`;
        // In a frame of our page it may be of another site (localhost is one by itself); a browser keeps what it may.
        const framed = isFrame(request) ? [`${value}; SameSite=None; Secure; Partitioned; Path=/`] : [];
        const cookie = [`${value}; SameSite=Lax; Path=/`, ...framed];
        return { verdict: "redirect", location: `${url.pathname.replace(/^\/+/, "/")}${url.search}`, cookie };
      }
    }
    const known =
      invited ||
      (token !== undefined && bearer(request).some((offered) => equalSecrets(offered, token))) ||
      (isLoopback && names.loopback.has(parsePortHost(host)?.base ?? "") && (await isLocalPeer(request)));
    if (known) return { verdict: "in" };
    return {
      verdict: "refused",
      status: 401,
      code: "unauthorized",
      message: "This port is opened by the link on the conversation's page.",
    };
  }

  return {
    authorize: decide,
    portOf(request) {
      const found = parsePortHost(request.headers.host ?? "");
      return found !== undefined && names.hosts.has(found.base) ? found : undefined;
    },
    link: (host) => `?${ticketParameter}=${tickets.issue().ticket}.${proof("ticket", host)}`,
  };
}

/** A page's own request, a program's, or somebody who follows a link. */
function isOwnOrLink({ method, headers }: IncomingMessage): boolean {
  const site = headers["sec-fetch-site"];
  if (site === undefined || site === "same-origin" || site === "none") return true;
  return method === "GET" && headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
}

/** Who may show it in a frame the answer says, too (`frame-ancestors`). */
function isFrame({ method, headers }: IncomingMessage): boolean {
  return method === "GET" && headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "iframe";
}

function cookies({ headers }: IncomingMessage): string[] {
  const pairs = (headers.cookie ?? "").split(";").map((pair) => pair.trim());
  return pairs.filter((pair) => pair.startsWith(`${portCookie}=`)).map((pair) => pair.slice(portCookie.length + 1));
}

function bearer(request: IncomingMessage): string[] {
  return /^bearer /i.test(request.headers.authorization ?? "") ? presentedTokens(request) : [];
}
