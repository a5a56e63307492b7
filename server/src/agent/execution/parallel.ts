/**
 * Calls of one reply that run side by side: what only looks, and whatever else says of itself that it may. They are stored as actions of
 * their own, at once, and are answered in the order of the calls; all else waits for those before it.
 */
import { isAction, type NewEvent } from "@deckhand/protocol";
import type { PreparedCall } from "./prepare.ts";
import { gate } from "./approve.ts";
import { askAfter, runHooked, type HookedAnswer } from "./hooks.ts";
import { sideBySide } from "./merge-generators.ts";
import { failedEnd, type TurnOutput, type TurnDeps, type TurnEnd, type View } from "../turn-types.ts";

/** Calls that run side by side at most. */
const mostAtOnce = 8;

/** A call and the id of its action. */
export interface BegunCall {
  readonly call: PreparedCall;
  readonly id: number;
}

/** Those that begin together with the first: nobody has to be asked, and none of them disturbs another. */
export async function beside(
  first: PreparedCall,
  next: readonly PreparedCall[],
  deps: TurnDeps,
): Promise<readonly { readonly call: PreparedCall; readonly event: NewEvent }[]> {
  if (!runsBesideOthers(first)) return [];
  const group: { readonly call: PreparedCall; readonly event: NewEvent }[] = [];
  for (const call of next.slice(0, mostAtOnce - 1)) {
    if (!runsBesideOthers(call)) break;
    const gated = await gate(call, deps);
    if (gated.type !== "free") break;
    group.push({ call, event: gated.event });
  }
  return group;
}

function runsBesideOthers(call: PreparedCall): boolean {
  if (call.type !== "runnable") return false;
  const { tool, event } = call;
  const args = event.args as never;
  return tool.besideOthers?.(args) ?? ["none", "read"].includes(tool.effect(args));
}

/** Runs them side by side. What came of one is stored when those before it are, so that results stand in the order of the calls. */
export async function* performTogether(
  begun: readonly BegunCall[],
  view: View,
  deps: TurnDeps,
  signal: AbortSignal,
): AsyncGenerator<TurnOutput, TurnEnd | { view: View }, View> {
  const running = begun.map(({ call, id }) => {
    if (call.type !== "runnable") throw new Error("what runs beside others can be run");
    return runHooked(call, id, deps, signal);
  });
  const answers = new Map<number, HookedAnswer>();
  let told = 0;
  let now = view;
  for await (const { at, said, done } of sideBySide(running)) {
    if (!done) {
      yield { type: "delta", delta: said };
      continue;
    }
    answers.set(at, said);
    const ready: NewEvent[] = [];
    for (let next = answers.get(told); next !== undefined; next = answers.get((told += 1)))
      ready.push(...next.hooked, next.event);
    if (ready.length > 0) now = yield { type: "events", events: () => ready };
  }
  const done = begun.flatMap(({ call: { event: action }, id }, at) => {
    const observation = answers.get(at)?.event;
    return observation === undefined || !isAction(action) ? [] : [{ action, id, observation }];
  });
  now = yield* askAfter(done, now, deps, signal);
  const wrong = [...answers.values()].find(({ bug }) => bug !== undefined);
  return wrong === undefined ? { view: now } : failedEnd(wrong.bug);
}
