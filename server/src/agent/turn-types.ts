/** What the loop is given, what it yields, what it sees when it is resumed, and how it ends. */
import {
  DeckhandError,
  errorObservation,
  isWorking,
  observation,
  type AgentState,
  type ConversationState,
  type Delta,
  type ErrorCode,
  type Event,
  type NewAction,
  type NewEvent,
  type WorkspaceChanges,
} from "@deckhand/protocol";
import type { Model } from "../llm/model.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Delegate, Tool } from "../tools/tool.ts";
import type { Agent } from "./agents.ts";
import type { PolicyDecision } from "./approval/policy.ts";
import type { Prompt } from "./context/prompt.ts";
import type { HookPoints } from "./hook-points.ts";
import type { InstructionSources } from "./instructions/load.ts";
import type { LimitReached } from "./limits.ts";

export interface TurnDeps {
  readonly model: Model;
  /** The system prompt and the tools. */
  readonly agent: Agent;
  readonly runtime: AcquireRuntime;
  /** Decides whether an action may run or needs an approval. */
  readonly policy: (action: NewAction, tool: Tool) => Promise<PolicyDecision>;
  /** The limit that rules out another step, or null. Includes the limits of the conversations this one works for. */
  readonly limits: (state: ConversationState) => Promise<LimitReached | null>;
  /** AGENTS.md, skills and microagents of the workspace and of the user. */
  readonly instructions: InstructionSources;
  /** The user's hooks; left out when none are configured. */
  readonly hooks?: HookPoints | undefined;
  /**
   * Takes a checkpoint and returns what the agent has changed since event `from`; undefined when that is unknown. Left
   * out when checkpoints are disabled.
   */
  readonly changesSince?: ((from: number, signal: AbortSignal) => Promise<WorkspaceChanges | undefined>) | undefined;
  /** Hands a task to a subagent; passed to the `delegate` tool. */
  readonly delegate?: Delegate;
  readonly now: () => number;
}

/**
 * The runtime, started on first use. Given an action, it also waits for whatever has to finish before that action may
 * begin. Rejects with the signal's reason.
 */
export type AcquireRuntime = (action?: NewAction, signal?: AbortSignal) => Promise<Runtime>;

export type TurnOutput =
  /**
   * To be stored, all or none. Ids are known only at that moment, so the events are made from the first id and the
   * state as it then is.
   */
  | { readonly type: "events"; readonly events: (firstId: number, now: ConversationState) => readonly NewEvent[] }
  | { readonly type: "delta"; readonly delta: Delta };

/** What the loop sees when it is resumed. */
export interface View {
  readonly state: ConversationState;
  /** Includes every event up to `state.head`. */
  readonly prompt: Prompt;
  /** The events that were just yielded, as stored; empty after a delta. */
  readonly stored: readonly Event[];
}

export type TurnEnd =
  | { readonly type: "completed"; readonly agentState: CompletedState }
  /** A failure (`error`) or a reached limit (`paused`). */
  | {
      readonly type: "halted";
      readonly agentState: Extract<AgentState, "error" | "paused">;
      readonly code: ErrorCode;
      readonly message: string;
    }
  /**
   * The agent state was changed from outside or an approval is pending: the log already says so. Or the signal aborted.
   */
  | { readonly type: "interrupted" };

export type CompletedState = Extract<AgentState, "finished" | "rejected" | "awaiting_user_input">;

/** The result of every part of a turn. */
export type Flow =
  | { readonly type: "continue"; readonly view: View }
  | { readonly type: "ended"; readonly end: TurnEnd };

/** A part of a turn: yields what is to be stored or shown, and is resumed with the view after it. */
export type TurnPart<R = Flow> = AsyncGenerator<TurnOutput, R, View>;

export function continueWith(view: View): Flow {
  return { type: "continue", view };
}

export function endTurn(agentState: CompletedState): Flow {
  return { type: "ended", end: { type: "completed", agentState } };
}

export const interrupted: Flow & { readonly type: "ended" } = { type: "ended", end: { type: "interrupted" } };

/** Ends the turn with the error's code. Anything but a `DeckhandError` is a bug and is rethrown. */
export function endWithError(error: unknown): Flow & { readonly type: "ended" } {
  if (!(error instanceof DeckhandError)) throw error;
  return { type: "ended", end: { type: "halted", agentState: "error", code: error.code, message: error.message } };
}

export function storeEvents(...events: readonly NewEvent[]): TurnOutput {
  return { type: "events", events: () => events };
}

export function isRunning(view: View, signal: AbortSignal): boolean {
  return isWorking(view.state.agentState) && !signal.aborted;
}

/** The events that record how a turn ended. */
export function endEvents(end: TurnEnd): readonly NewEvent[] {
  switch (end.type) {
    case "interrupted":
      return [];
    case "completed":
      return [observation("environment", "agent_state_changed", "", { agent_state: end.agentState })];
    case "halted": {
      const { agentState, code, message } = end;
      return [
        errorObservation("environment", code, message),
        observation("environment", "agent_state_changed", "", { agent_state: agentState, reason: message }),
      ];
    }
  }
}
