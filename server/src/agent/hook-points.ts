/** Where the user's hooks are asked. What becomes of one is a value: nothing here fails. */
import type { NewAction, NewEvent, NewObservation } from "@deckhand/protocol";
import type { Runtime } from "../runtime/runtime.ts";

export interface HookVerdict {
  /** What the hooks did, as far as it is worth a line of the log. */
  readonly events: readonly NewEvent[];
  /** Why it does not happen, in words for the model. */
  readonly blockReason?: string;
}

/** Of one conversation. */
export interface HookContext {
  readonly conversation: string;
  readonly workspace: () => string;
  readonly runtime: () => Promise<Runtime>;
}

export interface HookPoints {
  /** Before an action of the agent that may run. */
  before(action: NewAction, id: number, signal: AbortSignal): Promise<HookVerdict>;
  /** After it. Nothing can be stopped any more. */
  after(action: NewAction, id: number, observation: NewObservation, signal: AbortSignal): Promise<HookVerdict>;
  /** When the agent begins to work in a conversation. */
  start(signal: AbortSignal): Promise<HookVerdict>;
  /** When it says that it is done; `blockedFinishes` is how often that was not enough. */
  stop(finish: NewAction, sentBack: number, signal: AbortSignal): Promise<HookVerdict>;
}
