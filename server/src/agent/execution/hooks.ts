/** The loop's side of the user's hooks: what they say is stored, and what they stop does not happen. */
import { errorObservation, type Delta, type NewAction, type NewEvent, type NewObservation } from "@deckhand/protocol";
import { runTool, type Answered, type PreparedCall } from "./prepare.ts";
import type { HookVerdict } from "../hook-points.ts";
import type { TurnOutput, TurnDeps, TurnEnd, View } from "../turn-types.ts";

type RunnableCall = Extract<PreparedCall, { type: "runnable" }>;

export interface HookedAnswer extends Answered {
  /** To be stored in front of the observation. */
  readonly hooked: readonly NewEvent[];
}

/** As `runPrepared`, unless a hook stops it. */
export async function* runHooked(
  call: RunnableCall,
  id: number,
  { hooks, runtime, delegate }: TurnDeps,
  signal: AbortSignal,
): AsyncGenerator<Delta, HookedAnswer> {
  const { events: hooked, blockReason: blocks }: HookVerdict = (await hooks?.before(call.event, id, signal)) ?? {
    events: [],
  };
  if (blocks !== undefined && !signal.aborted) {
    const origin = { cause: id, tool_call: call.origin };
    return { event: errorObservation(call.event.source, "hook_blocked", blocks, origin), hooked };
  }
  return { ...(yield* runTool(call, { id, runtime, delegate, signal })), hooked };
}

interface Done {
  readonly action: NewAction;
  readonly id: number;
  readonly observation: NewObservation;
}

/** When their observations are stored: a hook that takes long loses nothing. */
export async function* askAfter(
  done: readonly Done[],
  view: View,
  { hooks }: TurnDeps,
  signal: AbortSignal,
): AsyncGenerator<TurnOutput, View, View> {
  let now = view;
  for (const { action, id, observation } of hooks === undefined ? [] : done) {
    if (signal.aborted) return now;
    const { events = [] } = (await hooks?.after(action, id, observation, signal)) ?? {};
    if (events.length > 0) now = yield { type: "events", events: () => events };
  }
  return now;
}

/** Before the model's first word. */
export async function* askAtStart(
  view: View,
  { hooks }: TurnDeps,
  signal: AbortSignal,
): AsyncGenerator<TurnOutput, TurnEnd | { view: View }, View> {
  if (hooks === undefined || view.prompt.hasReplies) return { view };
  const { events, blockReason: blocks } = await hooks.start(signal);
  const now = events.length === 0 ? view : yield { type: "events", events: () => events };
  return blocks === undefined || signal.aborted
    ? { view: now }
    : { state: "error", code: "hook_blocked", message: blocks };
}

/** The view with which the work goes on, where a hook wants more of it; null where it may end. */
export async function* sentBack(
  finish: NewEvent,
  view: View,
  { hooks }: TurnDeps,
  signal: AbortSignal,
): AsyncGenerator<TurnOutput, View | null, View> {
  if (hooks === undefined || !("action" in finish)) return null;
  const { events, blockReason: blocks } = await hooks.stop(finish, view.state.blockedFinishes, signal);
  const now = events.length === 0 ? view : yield { type: "events", events: () => events };
  return blocks === undefined || signal.aborted ? null : now;
}
