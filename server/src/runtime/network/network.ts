/** The network of one conversation's commands, as seen by the rest of the server. */
import type { Duplex } from "node:stream";
import type { RefusedHost } from "@deckhand/protocol";
import type { NetworkMode } from "./policy/rules.ts";

export interface Refusal extends RefusedHost {
  /** The rule that would allow it; undefined if no rule can. */
  readonly rule?: string | undefined;
}

/** One outgoing connection. Its path, headers and content are not recorded. */
export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly address: string;
  /** The rule that allowed it. */
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
  /** The most recent ones, newest first. */
  readonly connections: readonly Connection[];
  /** Most used first. Hosts beyond the limit are summed up under the host `""`. */
  readonly hosts: readonly HostTotal[];
}

/** A port that a program in the sandbox listens on. */
export interface OpenPort {
  readonly port: number;
  /** Listens on the sandbox's loopback only, as most development servers do; otherwise on all addresses. */
  readonly loopback: boolean;
}

export interface Network {
  record(): NetworkRecord;
  /** Connections refused since the last call: each host once, at most 20. */
  takeRefused(): readonly Refusal[];
  /** Ports that are listening now; empty if no sandbox is running. */
  ports(): readonly OpenPort[];
  /**
   * Connects to a port in the sandbox. Fails with `port_closed` if nothing listens, `sandbox_unavailable` once it is
   * closed.
   */
  connect(port: number, signal: AbortSignal): Promise<Duplex>;
}
