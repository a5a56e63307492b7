/** When the user's hooks run. A failing hook is a verdict: nothing here rejects. */
import type { NewAction, NewEvent, NewObservation } from "@deckhand/protocol";
import type { Runtime } from "../runtime/runtime.ts";

export interface HookVerdict {
  /** What the hooks did, as far as it is worth storing. */
  readonly events: readonly NewEvent[];
  /** Why the hook blocks what is about to happen, for the model. */
  readonly blockReason?: string;
}

/** What the hooks of a conversation are given. */
export interface HookContext {
  readonly conversation: string;
  readonly workspace: () => string;
  readonly runtime: () => Promise<Runtime>;
}

export interface HookPoints {
  /** Before an action of the agent runs. */
  before(action: NewAction, id: number, signal: AbortSignal): Promise<HookVerdict>;
  /** After it. It cannot block anything. */
  after(action: NewAction, id: number, observation: NewObservation, signal: AbortSignal): Promise<HookVerdict>;
  /** Before the model is called for the first time in a conversation. */
  start(signal: AbortSignal): Promise<HookVerdict>;
  /** After a `finish`; `rejections` is how often a hook has sent the agent back to work already. */
  stop(finish: NewAction, rejections: number, signal: AbortSignal): Promise<HookVerdict>;
}
