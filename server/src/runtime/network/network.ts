/** The network of one conversation's commands, as the rest of the server sees it. */
import type { Duplex } from "node:stream";
import type { RefusedHost } from "@deckhand/protocol";
import type { NetworkMode } from "./policy/rules.ts";

export interface Refusal extends RefusedHost {
  /** The rule that would let it through; none where no rule can. */
  readonly rule?: string | undefined;
}

/** One connection to the outside. No path, header or content of it is kept. */
export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly address: string;
  /** The rule that let it through. */
  readonly rule: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly upBytes: number;
  readonly downBytes: number;
  readonly open: boolean;
}

export interface HostTotal {
  readonly host: string;
  readonly connections: number;
  readonly refused: number;
  readonly upBytes: number;
  readonly downBytes: number;
}

export interface NetworkRecord {
  readonly mode: NetworkMode;
  /** The last ones, newest first. */
  readonly connections: readonly Connection[];
  /** Most used first; what is beyond the bound is summed up under the host `""`. */
  readonly hosts: readonly HostTotal[];
}

/** A port on which something inside listens. */
export interface OpenPort {
  readonly port: number;
  /** Only on addresses of the sandbox's own loopback, as most development servers do; else on all. */
  readonly loopback: boolean;
}

export interface Network {
  record(): NetworkRecord;
  /** What was refused since the last call, each host once, 20 at most. */
  takeRefused(): readonly Refusal[];
  /** What listens inside now; nothing where no sandbox runs. */
  ports(): readonly OpenPort[];
  /** A connection to a port inside. Fails with `port_closed` where nothing listens, `sandbox_unavailable` where no sandbox runs. */
  connect(port: number, signal: AbortSignal): Promise<Duplex>;
}
