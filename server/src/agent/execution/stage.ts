/** What travels through the pipeline of execute.ts, and what a stage of it is. */
import type { NewAction, NewEvent, NewObservation, PendingCall, ToolCall } from "@deckhand/protocol";
import type { Tool } from "../../tools/tool.ts";
import type { CompletedState, Flow, TurnDeps, TurnOutput, View } from "../turn-types.ts";

/** Calls of one reply, in their order. Each stage adds what it found out. */
export interface Batch {
  readonly view: View;
  /** The model's reply, stored in one commit with its first actions; null once it is in the log. */
  readonly reply: NewEvent | null;
  /** The text beside the calls of a new reply. */
  readonly thought: string;
  readonly pending: readonly PendingCall[];
  /** Set by `prepare`; `approve` keeps those that start now. */
  readonly prepared: readonly PreparedCall[];
  /** Set by `storeActions`, for the calls that have something to run. */
  readonly started: readonly StartedCall[];
}

export type PreparedCall =
  /** An unknown tool or invalid arguments: the model is told what to send instead. */
  | { readonly type: "invalid"; readonly event: NewObservation<"error"> }
  /** Nothing to run: a thought, or a message in the middle of the work. */
  | { readonly type: "note"; readonly event: NewAction }
  | { readonly type: "ends"; readonly event: NewAction; readonly agentState: CompletedState }
  | RunnableCall;

export interface RunnableCall {
  readonly type: "runnable";
  readonly event: NewAction;
  readonly tool: Tool;
  readonly origin: ToolCall;
}

/** A call whose action is in the log. */
export interface StartedCall extends RunnableCall {
  readonly actionId: number;
  /** The call in the model's reply, with the id of the stored reply. */
  readonly origin: ToolCall;
  /** What the before-hooks did; stored ahead of the observation. */
  readonly hookEvents: readonly NewEvent[];
  /** Null while the call runs. */
  readonly answer: Answer | null;
}

/** The one observation of an action. */
export interface Answer {
  readonly observation: NewObservation;
  /** An error that is our bug: the observation is stored, then the turn ends with it. */
  readonly bug?: { readonly error: unknown };
}

export interface Execution {
  readonly deps: TurnDeps;
  readonly signal: AbortSignal;
  /** Hands an output to the loop; resolves with the view once the loop was resumed. */
  readonly send: (output: TurnOutput) => Promise<View>;
}

/** Passes the batch on to the next stage, or decides how the turn goes on. */
export type Stage = (
  batch: Batch,
  execution: Execution,
) => Promise<{ readonly type: "next"; readonly batch: Batch } | Flow>;

/** A stage for a single call; skipped once the call has its answer. */
export type CallStage = (call: StartedCall, execution: Execution) => Promise<StartedCall>;
