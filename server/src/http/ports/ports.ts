/** Sandbox ports served through the server's own port: which requests mean one, who has access, and where they go. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { DeckhandError } from "@deckhand/protocol";
import type { AccessDecision } from "../auth/access-control.ts";
import type { ServerNames } from "../auth/hosts.ts";
import { forward, forwardUpgrade, type ForwardOptions, type ForwardTarget } from "./forward.ts";
import { createPortAccess, ticketParameter } from "./port-access.ts";
import { parsePortPath, portHost, type SandboxPort } from "./port-host.ts";

export interface Ports {
  /** Whether the request is for a port's own host. If so, no other route may answer it. */
  readonly isPortHost: (request: IncomingMessage) => boolean;
  /** For requests to a port's own host. */
  readonly authorize: (request: IncomingMessage) => Promise<AccessDecision>;
  /** Where an authorized request goes; undefined if it is not for a port. */
  readonly target: (request: IncomingMessage) => ForwardTarget | undefined;
  /** Fails with a `DeckhandError` as long as nothing has been sent. */
  readonly forward: (request: IncomingMessage, response: ServerResponse, to: ForwardTarget) => Promise<void>;
  /** Fails with a `DeckhandError` as long as nothing has been sent. */
  readonly upgrade: (request: IncomingMessage, client: Duplex, head: Buffer, to: ForwardTarget) => Promise<void>;
  /** A single-use link to the port for a page reached under `host`; undefined if it cannot have its own host. */
  readonly link: (port: SandboxPort, host: string) => string | undefined;
}

export interface PortsOptions extends ForwardOptions {
  readonly names: ServerNames;
  /** Whether the server is bound to loopback. */
  readonly isLoopback: boolean;
}

export function createPorts(options: PortsOptions): Ports {
  const access = createPortAccess(options);
  return {
    isPortHost: (request) => access.portOf(request) !== undefined,
    authorize: (request) => access.authorize(request, request.headers.host ?? ""),
    target(request) {
      const host = request.headers.host ?? "";
      const url = request.url ?? "";
      const port = access.portOf(request);
      if (port !== undefined) return { ...port, host, prefix: undefined, path: withoutParameter(url, ticketParameter) };
      const byPath = parsePortPath(url);
      if (byPath === undefined) return undefined;
      // These two parameters belong to our own access control.
      const path = withoutParameter(withoutParameter(byPath.path, "ticket"), "token");
      return { ...byPath, host, path };
    },
    forward(request, response, to) {
      if (to.prefix !== undefined && request.headers["service-worker"] !== undefined) {
        throw new DeckhandError("forbidden", "Service workers are not allowed on this origin.");
      }
      return forward(request, response, to, options);
    },
    upgrade: (request, client, head, to) => forwardUpgrade(request, client, head, to, options),
    link(port, host) {
      const ownHost = portHost(port, host);
      return ownHost === undefined ? undefined : `http://${ownHost}/${access.link(ownHost)}`;
    },
  };
}

/** Removes the query parameter and leaves the rest of the path byte for byte. */
function withoutParameter(path: string, parameter: string): string {
  const [before = "", query] = path.split(/\?(.*)/s, 2);
  if (query === undefined) return path;
  const rest = query.split("&").filter((pair) => !pair.startsWith(`${parameter}=`));
  return rest.length === 0 ? before : `${before}?${rest.join("&")}`;
}
