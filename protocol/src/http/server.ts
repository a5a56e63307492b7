/** Bodies of the routes about the server: health, agents, rules. */
import type { ApprovalRule } from "../wire/approvals.ts";

/** `GET /api/health`. */
export interface Health {
  readonly status: string;
  readonly version: string;
  /** `demo`: the built-in scripted model is in use. */
  readonly model: { readonly name: string; readonly demo: boolean };
  readonly runtime: {
    readonly kind: string;
    readonly proven: boolean;
    /** What was verified about the sandbox, or why commands are disabled. */
    readonly sentence: string;
    /** When the sandbox was verified; ISO 8601. */
    readonly triedAt?: string;
    readonly checks: readonly RuntimeCheck[];
    readonly untried?: readonly { readonly name: string; readonly why: string }[];
  };
  /** Protocol version. */
  readonly protocol?: string;
  /** Appends that were refused because a conversation's log had a second writer. */
  readonly log_conflicts?: number;
}

/** One attempt to escape from the sandbox. */
export interface RuntimeCheck {
  readonly group: string;
  readonly name: string;
  /** A similar, permitted operation; unless it succeeds, the attempt proves nothing. */
  readonly control: string;
  readonly controlled: boolean;
  /** The attempt was blocked, and its control succeeded. */
  readonly held: boolean;
}

/** `GET /api/agents`. */
export interface AgentList {
  /** Agents that `agent_cls` and `delegate` accept. */
  readonly described: readonly { readonly name: string; readonly description: string }[];
  /** Why definitions could not be loaded, one sentence each. */
  readonly broken: readonly string[];
}

/** A rule that applies to every conversation: `GET /api/rules`. */
export interface ServerRule extends ApprovalRule {
  readonly id: number;
  /** ISO 8601. */
  readonly created_at: string;
}
