/** Bodies of the routes about the sandbox of a conversation: isolation, network, ports. */

/** How commands are isolated. */
export interface Isolation {
  readonly kind: string;
  readonly proven: boolean;
  /** Groups of escape attempts that were blocked. */
  readonly held: readonly string[];
  /** ISO 8601. */
  readonly tried_at: string;
  readonly sentence: string;
}

/** Network connections of commands since the server started. */
export interface NetworkRecord {
  /** The network policy; null if commands have no network of their own. */
  readonly mode: string | null;
  /** Hosts that a person allowed for this conversation. */
  readonly allowed: readonly string[];
  /** The most recent connections, newest first. */
  readonly connections: readonly {
    readonly host: string;
    readonly port: number;
    readonly address: string;
    /** The rule that allowed it. */
    readonly rule: string;
    readonly started_at: string;
    readonly duration_ms: number;
    readonly up_bytes: number;
    readonly down_bytes: number;
    readonly open: boolean;
  }[];
  /** Most used first; hosts beyond the limit are added up under the name `""`. */
  readonly hosts: readonly {
    readonly host: string;
    readonly connections: number;
    readonly refused: number;
    readonly up_bytes: number;
    readonly down_bytes: number;
  }[];
}

export interface OpenPort {
  readonly port: number;
  /** It listens only on the loopback interface of the sandbox, as most development servers do. */
  readonly loopback: boolean;
}

export interface PortLink {
  /** A separate origin for a browser, valid once within 30 seconds; null if the server cannot provide one. */
  readonly url: string | null;
  /** A path on the server's own origin, served with a sandboxing CSP; for programs. */
  readonly path: string;
}
