/** What a conversation is after its events; `fold.ts` makes it of them. */
import type { ActionArgs, ApprovalDetails, ApprovalRule, ParentLink, Settings } from "../wire/actions.ts";
import type { ErrorCode } from "../wire/errors.ts";
import type { Action, Source } from "../wire/event.ts";
import type { ChildReport, InstructionFile, ReplyPart } from "../wire/observations.ts";
import type { AgentState } from "../wire/states.ts";
import type { Usage } from "../wire/usage.ts";
import { noFileChanges, type FileChanges } from "./files.ts";

export type LimitCode = Extract<ErrorCode, `limit_${string}`>;

/** A message of the user that the agent has not taken in yet. */
export interface QueuedMessage {
  readonly id: number;
  readonly content: string;
  readonly imageUrls: readonly string[];
}

/** A call in the model's last reply that has neither become an action nor been refused. */
export type PendingCall = Extract<ReplyPart, { type: "call" }> & { readonly reply: number };

/** A command that goes on beside the shell. */
export interface RunningJob {
  readonly id: string;
  readonly command: string;
  /** ISO 8601, when it was first told of. */
  readonly since: string;
}

export interface OpenTerminal {
  readonly id: string;
  /** ISO 8601. */
  readonly since: string;
}

/** An answer to the question whether an action may run. */
export interface ApprovalAnswer {
  readonly id: number;
  readonly decision: ActionArgs<"approve">["decision"];
  /** `environment`: nobody answered in time. */
  readonly by: Source;
  /** What the client calls whoever answered; empty where it says nothing. */
  readonly name: string;
}

export interface ConversationState {
  /** Id of the last event; -1 for an empty log. */
  readonly head: number;
  /** Null until `initialize` (or the first task). */
  readonly agentState: AgentState | null;
  readonly settings: Settings;
  /** The first task, on one line, or what a model made of it. */
  readonly title: string;
  /** A model was asked for a title. */
  readonly titleRequested: boolean;
  readonly queued: readonly QueuedMessage[];
  /** Actions that do something and have no observation yet, oldest first. */
  readonly open: readonly Action[];
  readonly pendingCalls: readonly PendingCall[];
  /** All that it has used, its children's with it. */
  readonly usage: Usage & { readonly steps: number; readonly costUsd: number; readonly unpricedSteps: number };
  /** What of it the children used. */
  readonly childUsage: { readonly steps: number; readonly costUsd: number };
  /** From a user's message to rest; what the limits on steps and time count. */
  readonly turn: { readonly steps: number; readonly activeMs: number; readonly runningSince: number | null };
  /** How often a person let it go on past a limit; each time raises that limit by its first value. */
  readonly limitRaises: Readonly<Record<"turn" | "cost" | "tokens", number>>;
  /** How often it went on by itself after a crash since a person's last word. */
  readonly autoResumes: number;
  /** The agent's last words to a person, the beginning where they are long. */
  readonly lastMessage: string;
  /** How often a hook has sent the agent back to work since a person's last word. */
  readonly blockedFinishes: number;
  /** Why it is in its state, as a sentence; empty where that is plain. */
  readonly reason: string;
  /** The limit at which it rests now. */
  readonly atLimit: LimitCode | null;
  /** The one action that waits for a person's approval. */
  readonly awaiting: ({ readonly id: number } & ApprovalDetails) | null;
  /** Id of an action that was approved and has no observation yet. */
  readonly approved: number | null;
  readonly lastAnswer: ApprovalAnswer | null;
  /** Of the conversation; those of the server are not in its log. */
  readonly rules: readonly ApprovalRule[];
  /** Oldest first. */
  readonly jobs: readonly RunningJob[];
  /** Terminals of people that are open, oldest first. */
  readonly terminals: readonly OpenTerminal[];
  /** What a person lets commands reach, as rules of the network. */
  readonly allowedHosts: readonly string[];
  /** The last snapshot of the workspace. */
  readonly checkpoint: { readonly tree: string; readonly after: number } | null;
  /** Whose child it is. */
  readonly parent: ParentLink | null;
  /** Every child that it ever had, oldest first, as last told. */
  readonly children: readonly ChildReport[];
  /** When they last became others: see `verdictNow`. */
  readonly fileChanges: FileChanges;
  /** What the workspace says and the model was told. */
  readonly instructions: readonly InstructionFile[];
  /** Id of the event with the tools of MCP servers that the model is told of. */
  readonly tools: number | null;
  /** They are looked at again before the model is asked: nothing is lost by another beginning of the request. */
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
