/** Background processes (jobs), terminals, and what a command reports about output and network. */
import { z } from "zod";

/** Signals that can be sent to a background process. */
export const jobSignals = ["INT", "TERM", "KILL", "HUP", "QUIT", "USR1", "USR2", "STOP", "CONT"] as const;
export type JobSignal = (typeof jobSignals)[number];

/** Where the full output can be read when `content` holds only its head and tail. */
export const outputFile = z.object({
  /** A path that commands and file tools in the sandbox can read. */
  path: z.string(),
  size_bytes: z.int(),
  /** The file itself was truncated at the server's limit. */
  cut: z.boolean(),
});

/** A background process. `exit_code` is set once it has ended; -1 means unknown. */
export const jobState = z.object({
  id: z.string(),
  state: z.enum(["running", "ended"]),
  exit_code: z.int().optional(),
});
export type JobState = z.infer<typeof jobState>;

/** A person's terminal. `exit_code` of its shell is set once it has closed; -1 means unknown. */
export const terminalState = z.object({
  id: z.string(),
  state: z.enum(["open", "closed"]),
  exit_code: z.int().optional(),
});
export type TerminalState = z.infer<typeof terminalState>;

/** Rows and columns count from 0. */
export const terminalScreen = z.object({
  rows: z.int(),
  cols: z.int(),
  cursor_row: z.int(),
  cursor_col: z.int(),
  /** A full-screen program is using the alternate screen. */
  alternate: z.boolean(),
});

/**
 * Why a connection was refused. `not_listed`: no rule allows the host. `private_address`: the host resolves to this
 * machine or a private network. `bad_name`: not a valid host or port. `other_server`: the TLS handshake in a tunnel
 * names a different server. `too_many`: too many connections are open.
 */
export const refusalReasons = ["not_listed", "private_address", "bad_name", "other_server", "too_many"] as const;
export type RefusalReason = (typeof refusalReasons)[number];

export interface RefusedHost {
  readonly host: string;
  readonly port: number;
  readonly reason: RefusalReason;
}

/** The connections that a command attempted and the network policy refused, without duplicates. */
export const networkNotes = z.object({
  refused: z.array(
    z.object({
      host: z.string(),
      port: z.int(),
      reason: z.enum(refusalReasons),
      /** The `host` argument for `allow_host` that would permit it; missing where that would not help. */
      rule: z.string().optional(),
    }),
  ),
});
