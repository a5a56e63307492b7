/** What the loop is given, what it yields, what it sees when it is resumed, and how it ends. */
import {
  DeckhandError,
  isWorking,
  type AgentState,
  type ConversationState,
  type Delta,
  type ErrorCode,
  type Event,
  type NewEvent,
  type WorkspaceChanges,
} from "@deckhand/protocol";
import type { Model } from "../llm/model.ts";
import type { Delegate } from "../tools/tool.ts";
import type { Agent } from "./agents.ts";
import type { AcquireRuntime } from "./execution/prepare.ts";
import type { HookPoints } from "./hook-points.ts";
import type { GateDeps } from "./execution/approve.ts";
import type { WorkspaceInstructions } from "./instructions/workspace-files.ts";
import type { UserInstructions } from "./instructions/user-instructions.ts";
import type { LimitReached, Limits } from "./limits.ts";
import type { Prompt } from "./context/prompt.ts";

export interface TurnDeps extends GateDeps {
  readonly model: Model;
  readonly agent: Agent;
  /** Where there is none, each action that needs it is refused. */
  readonly runtime: AcquireRuntime;
  /** What the workspace says to agents. */
  readonly readInstructions: (signal: AbortSignal) => Promise<WorkspaceInstructions>;
  /** What the user says to every agent. */
  readonly readUserInstructions?: (() => Promise<UserInstructions>) | undefined;
  /**
   * What the agent has changed since event `from`, when the workspace was looked at once more. Not there where no snapshots are taken;
   * undefined where it is not known.
   */
  readonly changesSince?: ((from: number, signal: AbortSignal) => Promise<WorkspaceChanges | undefined>) | undefined;
  /** None: nothing is asked. */
  readonly hooks?: HookPoints | undefined;
  readonly limits: Limits;
  /** Of the conversations that this one works for. */
  readonly limitAbove?: () => Promise<LimitReached | null>;
  /** Hands a task to another agent. */
  readonly delegate?: Delegate;
  readonly now: () => number;
}

export type TurnOutput =
  /** To be stored, all or none. The ids are known only when they are: the events are made from the first, in the state as it then is. */
  | { readonly type: "events"; readonly events: (firstId: number, now: ConversationState) => readonly NewEvent[] }
  | { readonly type: "delta"; readonly delta: Delta };

/** What the loop sees when it is resumed; after `events` with the events as stored. */
export interface View {
  readonly state: ConversationState;
  /** Has taken in every event up to `state.head`. */
  readonly prompt: Prompt;
  readonly stored: readonly Event[];
}

export type TurnEnd =
  | { readonly state: Extract<AgentState, "finished" | "rejected" | "awaiting_user_input"> }
  | {
      readonly state: Extract<AgentState, "error" | "paused">;
      readonly code: ErrorCode;
      readonly message: string;
    }
  /** The state was changed from outside, or the signal aborted. */
  | { readonly state: null };

/** A mistake of ours is thrown on. */
export function failedEnd(error: unknown): TurnEnd {
  if (error instanceof DeckhandError) return { state: "error", code: error.code, message: error.message };
  throw error;
}

export function isRunning(view: View, signal: AbortSignal): boolean {
  return isWorking(view.state.agentState) && !signal.aborted;
}
