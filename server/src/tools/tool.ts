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
  /** It was the agent that asked: what comes back is for a model. */
  readonly forAgent?: boolean;
  /** Hands a task to another agent. Fails with `delegate_refused`, `unknown_agent`. */
  readonly delegate?: Delegate | undefined;
}

/** `id` is that of the action. Resolves when the agent has come to rest. */
export type Delegate = (args: ActionArgs<"delegate">, id: number, signal: AbortSignal) => Promise<Outcome<"delegate">>;

/** What came of an action, before it has its place in the log. */
export interface Outcome<K extends ObservationKind = ObservationKind> {
  readonly observation: K;
  readonly content: string;
  readonly extras: ObservationExtras<K>;
}

export type AnyOutcome = { [K in ObservationKind]: Outcome<K> }[ObservationKind];

/** All that the approval policy sees of what an action does. */
export type Effect =
  | "none"
  | "read"
  | "write"
  | "execute"
  | "network"
  /** Done by somebody else's program, outside of the sandbox; nobody knows what it is. */
  | "external";

/** An action that only says something: it is stored and has no observation. */
export interface LogOnlyTool<K extends ActionKind = ActionKind> {
  readonly action: K;
  readonly description: string;
  readonly modelArgs: readonly (keyof ActionArgs<K> & string)[];
}

/** An action that the agent can take, and a client too. */
export interface Tool<K extends RunnableKind = RunnableKind> {
  /** Its name on the wire and to the model. */
  readonly action: K;
  /** For the model: when to use it and what comes back. */
  readonly description: string;
  /** The arguments that the model is told of; the wire may have more. */
  readonly modelArgs: readonly (keyof ActionArgs<K> & string)[];
  effect(args: ActionArgs<K>): Effect;
  /**
   * Several calls of one reply for which this is true run side by side; all others wait for those before them. By default those
   * with the effect `none` or `read`.
   */
  isParallelSafe?(args: ActionArgs<K>): boolean;
  /** What is expected (a missing file, a refused address) is an outcome; throws `DeckhandError` for what failed on the way. */
  run(args: ActionArgs<K>, context: ToolContext): AsyncGenerator<Delta, AnyOutcome>;
  /** The observation in words for the model; the content alone by default. */
  formatForModel?(observation: Observation): string;
}
