/** The ports of conversations on the server's own port: which request means one, who may, and where it goes. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { DeckhandError } from "@deckhand/protocol";
import { forward, forwardUpgrade, type ForwardTarget, type ForwardOptions } from "./forward.ts";
import { createPortAccess, ticketParameter, type PortDecision } from "./port-access.ts";
import { parsePortPath, portHost, type SandboxPort } from "./port-host.ts";
import type { ServerNames } from "../auth/hosts.ts";

export interface Ports {
  /** Whether the request is for a port's own host; then nobody else answers it, whoever asks. */
  readonly isPortHost: (request: IncomingMessage) => boolean;
  /** For those. Fails with a `DeckhandError` while nothing is answered. */
  readonly authorize: (request: IncomingMessage) => Promise<PortDecision>;
  /** Where a request that came in goes; undefined for what is no port's. */
  readonly target: (request: IncomingMessage) => ForwardTarget | undefined;
  readonly forward: (request: IncomingMessage, response: ServerResponse, to: ForwardTarget) => Promise<void>;
  readonly upgrade: (request: IncomingMessage, client: Duplex, head: Buffer, to: ForwardTarget) => Promise<void>;
  /** A link to the port for a page that was reached under `host`, good once; undefined where it can have no host of its own. */
  readonly link: (name: SandboxPort, host: string) => string | undefined;
}

export interface PortsOptions extends ForwardOptions {
  readonly names: ServerNames;
  /** The server is bound to loopback. */
  readonly isLoopback: boolean;
}

export function createPorts(options: PortsOptions): Ports {
  const door = createPortAccess(options);
  return {
    isPortHost: (request) => door.portOf(request) !== undefined,
    authorize: (request) => door.authorize(request, request.headers.host ?? ""),
    target(request) {
      const host = request.headers.host ?? "";
      const url = request.url ?? "";
      const named = door.portOf(request);
      if (named !== undefined) return { ...named, host, prefix: undefined, path: without(url, ticketParameter) };
      const found = parsePortPath(url);
      // The door has taken these for its own.
      return found === undefined
        ? undefined
        : { ...found, host, path: without(without(found.path, "ticket"), "token") };
    },
    forward(request, response, to) {
      if (to.prefix !== undefined && request.headers["service-worker"] !== undefined) {
        throw new DeckhandError("forbidden", "There are no service workers on this origin.");
      }
      return forward(request, response, to, options);
    },
    upgrade: (request, client, head, to) => forwardUpgrade(request, client, head, to, options),
    link(name, host) {
      const own = portHost(name, host);
      return own === undefined ? undefined : `http://${own}/${door.link(own)}`;
    },
  };
}

/** The path as it was written, without that parameter. */
function without(path: string, parameter: string): string {
  const [before = "", query] = path.split(/\?(.*)/s, 2);
  if (query === undefined) return path;
  const left = query.split("&").filter((pair) => !pair.startsWith(`${parameter}=`));
  return left.length === 0 ? before : `${before}?${left.join("&")}`;
}
