/** The state of a conversation after its events; fold.ts computes it. */
import type { ActionArgs } from "../wire/actions.ts";
import type { ApprovalDetails, ApprovalRule } from "../wire/approvals.ts";
import type { LimitCode } from "../wire/errors.ts";
import type { Action, Source } from "../wire/event.ts";
import type { ChildReport, InstructionFile, ReplyPart } from "../wire/observations.ts";
import type { ParentLink, Settings } from "../wire/settings.ts";
import type { AgentState } from "../wire/states.ts";
import type { Usage } from "../wire/usage.ts";
import { noFileChanges, type FileChanges } from "./files.ts";

/** A message of the user that the agent has not read yet. */
export interface QueuedMessage {
  readonly id: number;
  readonly content: string;
  readonly imageUrls: readonly string[];
}

/** A call in the model's last reply that has neither become an action nor been refused. */
export type PendingCall = Extract<ReplyPart, { type: "call" }> & { readonly reply: number };

/** A background process. */
export interface RunningJob {
  readonly id: string;
  readonly command: string;
  /** When it was first reported; ISO 8601. */
  readonly since: string;
}

export interface OpenTerminal {
  readonly id: string;
  /** ISO 8601. */
  readonly since: string;
}

/** The answer to an approval request. */
export interface ApprovalAnswer {
  readonly id: number;
  readonly decision: ActionArgs<"approve">["decision"];
  /** `environment`: nobody answered in time. */
  readonly by: Source;
  /** The display name of the person who answered; empty when the client did not send one. */
  readonly name: string;
}

export interface ConversationState {
  /** Id of the last event; -1 for an empty log. */
  readonly head: number;
  /** Null until `initialize` or the first task. */
  readonly agentState: AgentState | null;
  readonly settings: Settings;
  /** The first line of the first task, or the title that a model generated. */
  readonly title: string;
  /** A model has been asked for a title. */
  readonly titleRequested: boolean;
  /** Oldest first. */
  readonly queued: readonly QueuedMessage[];
  /** Runnable actions without an observation, oldest first. */
  readonly open: readonly Action[];
  readonly pendingCalls: readonly PendingCall[];
  /** Total usage, including subagents. */
  readonly usage: Usage & { readonly steps: number; readonly costUsd: number; readonly unpricedSteps: number };
  /** The subagents' share of it. */
  readonly childUsage: { readonly steps: number; readonly costUsd: number };
  /** The current turn, since the user's message was read: what the limits on steps and time count. */
  readonly turn: { readonly steps: number; readonly activeMs: number; readonly runningSince: number | null };
  /** How often a person continued past a limit; each time raises that limit by its initial value. */
  readonly limitRaises: Readonly<Record<"turn" | "cost" | "tokens", number>>;
  /** Automatic resumes after a crash since the user's last message. */
  readonly autoResumes: number;
  /** The beginning of the agent's last message to the user. */
  readonly lastMessage: string;
  /** How often hooks kept the agent from finishing since the user's last message. */
  readonly blockedFinishes: number;
  /** The reason for `agentState`, as a sentence; empty when there is nothing to explain. */
  readonly reason: string;
  /** The limit at which the turn is paused. */
  readonly atLimit: LimitCode | null;
  /** The action that needs approval; there is at most one. */
  readonly awaiting: ({ readonly id: number } & ApprovalDetails) | null;
  /** Id of an approved action that has no observation yet. */
  readonly approved: number | null;
  readonly lastAnswer: ApprovalAnswer | null;
  /** Rules of this conversation; those of the server are not part of its log. */
  readonly rules: readonly ApprovalRule[];
  /** Oldest first. */
  readonly jobs: readonly RunningJob[];
  /** Terminals that people have open, oldest first. */
  readonly terminals: readonly OpenTerminal[];
  /** Hosts that a person allowed commands to reach. */
  readonly allowedHosts: readonly string[];
  /** The last checkpoint of the workspace. */
  readonly checkpoint: { readonly tree: string; readonly after: number } | null;
  /** Set for the conversation of a subagent. */
  readonly parent: ParentLink | null;
  /** The latest report of every subagent, oldest first. */
  readonly children: readonly ChildReport[];
  /** When files last changed: see `verdictNow`. */
  readonly fileChanges: FileChanges;
  /** Instruction files that the model has been given. */
  readonly instructions: readonly InstructionFile[];
  /** Id of the event with the MCP tools that the model is offered. */
  readonly tools: number | null;
  /** The tools are read again before the next request, whose prefix is new anyway, so no cached prompt is lost. */
  readonly toolsStale: boolean;
}

export const emptyState: ConversationState = {
  head: -1,
  agentState: null,
  settings: {},
  title: "",
  titleRequested: false,
  queued: [],
  open: [],
  pendingCalls: [],
  usage: {
    steps: 0,
    costUsd: 0,
    unpricedSteps: 0,
    input: 0,
    output: 0,
    cached_input: 0,
    cache_write: 0,
    reasoning: 0,
  },
  childUsage: { steps: 0, costUsd: 0 },
  turn: { steps: 0, activeMs: 0, runningSince: null },
  limitRaises: { turn: 0, cost: 0, tokens: 0 },
  autoResumes: 0,
  blockedFinishes: 0,
  lastMessage: "",
  reason: "",
  atLimit: null,
  awaiting: null,
  approved: null,
  lastAnswer: null,
  rules: [],
  jobs: [],
  terminals: [],
  allowedHosts: [],
  checkpoint: null,
  fileChanges: noFileChanges,
  parent: null,
  children: [],
  instructions: [],
  tools: null,
  toolsStale: true,
};
