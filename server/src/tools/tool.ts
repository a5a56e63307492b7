import type {
  ActionArgs,
  ActionKind,
  Delta,
  Observation,
  ObservationExtras,
  ObservationKind,
  RunnableKind,
} from "@deckhand/protocol";
import type { Runtime } from "../runtime/runtime.ts";

export interface ToolContext {
  readonly runtime: Runtime;
  /** Id of the action. */
  readonly id: number;
  readonly signal: AbortSignal;
  /** The agent made this call, so the result is for a model. */
  readonly forAgent?: boolean;
  /** Hands a task to another agent. Fails with `delegate_refused`, `unknown_agent`. */
  readonly delegate?: Delegate | undefined;
}

/** `id` is that of the action. Resolves when the subagent is idle again. */
export type Delegate = (args: ActionArgs<"delegate">, id: number, signal: AbortSignal) => Promise<Outcome<"delegate">>;

/** The result of an action, before it is logged as an observation. */
export interface Outcome<K extends ObservationKind = ObservationKind> {
  readonly observation: K;
  readonly content: string;
  readonly extras: ObservationExtras<K>;
}

export type AnyOutcome = { [K in ObservationKind]: Outcome<K> }[ObservationKind];

/** What an action does, as far as the approval policy is concerned. */
export type Effect =
  | "none"
  | "read"
  | "write"
  | "execute"
  | "network"
  /** Done by a third-party program outside the sandbox; its effects are unknown. */
  | "external";

/** An action that is only logged: nothing runs, and it has no observation. */
export interface LogOnlyTool<K extends ActionKind = ActionKind> {
  readonly action: K;
  readonly description: string;
  readonly modelArgs: readonly (keyof ActionArgs<K> & string)[];
}

/** An action that both the agent and a client can take. */
export interface Tool<K extends RunnableKind = RunnableKind> {
  /** Its name on the wire and for the model. */
  readonly action: K;
  /** For the model: when to use the tool and what it returns. */
  readonly description: string;
  /** The arguments offered to the model; the wire may accept more. */
  readonly modelArgs: readonly (keyof ActionArgs<K> & string)[];
  effect(args: ActionArgs<K>): Effect;
  /**
   * Calls of one reply for which this is true run in parallel; any other call waits for the calls before it. By default
   * true for the effects `none` and `read`.
   */
  isParallelSafe?(args: ActionArgs<K>): boolean;
  /** Throws expected failures (a missing file, a refused address) as `DeckhandError`, with a message for the model. */
  run(args: ActionArgs<K>, context: ToolContext): AsyncGenerator<Delta, AnyOutcome>;
  /** The observation as text for the model; by default its content. */
  formatForModel?(observation: Observation): string;
}
