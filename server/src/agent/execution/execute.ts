/** A call of the model's reply, from its action in the log to its observation, or until a person is asked. */
import {
  isAction,
  isWorking,
  stateChange,
  type ConversationState,
  type Event,
  type NewAction,
  type NewEvent,
  type WorkspaceChanges,
} from "@deckhand/protocol";
import type { PreparedCall } from "./prepare.ts";
import { finishEvent, changesTimeoutMs } from "../finish/finish.ts";
import { gate, refusalOf, waitingEvents } from "./approve.ts";
import { askAfter, runHooked, sentBack } from "./hooks.ts";
import { failedEnd, isRunning, type TurnOutput, type TurnDeps, type TurnEnd, type View } from "../turn-types.ts";
import { beside, performTogether, type BegunCall } from "./parallel.ts";

/** In a call whose reply is stored together with it, until the id of that reply is known. */
export const unknownReply = -1;

type Begun = AsyncGenerator<TurnOutput, TurnEnd | { view: View; denied: boolean; begun: number }, View>;

/**
 * Stores the first of the calls behind `before`, in one commit, and does it, or leaves it waiting for a person. Those that follow it
 * and may run beside it begin with it; their observations are stored in the order of the calls.
 */
export async function* begin(
  calls: readonly PreparedCall[],
  before: readonly NewEvent[],
  view: View,
  deps: TurnDeps,
  signal: AbortSignal,
): Begun {
  const [first, ...next] = calls;
  if (first === undefined) throw new Error("there is a call to begin");
  if (first.type === "ends" && first.event.action === "finish")
    return yield* finish(first.event, before, view, deps, signal);
  const gated = await gate(first, deps);
  switch (gated.type) {
    case "waits": {
      yield {
        type: "events",
        events: (firstId, now) => whileAtWork(now, before, waitingEvents(inReply(gated.event, firstId))),
      };
      return { state: null };
    }
    case "denied": {
      const after = yield {
        type: "events",
        events: (firstId, now) => {
          const answer = gated.answer(firstId + before.length);
          return whileAtWork(now, before, [inReply(gated.event, firstId), inReply(answer, firstId)]);
        },
      };
      return { view: after, denied: true, begun: 1 };
    }
    case "free": {
      const group = [{ call: first, event: gated.event }, ...(await beside(first, next, deps))];
      const after = yield {
        type: "events",
        events: (firstId, now) =>
          whileAtWork(
            now,
            before,
            group.map(({ event }) => inReply(event, firstId)),
          ),
      };
      if (after.stored.length <= before.length) return { state: null };
      const begun = group.map(({ call }, at) => begunCall(call, after.stored[before.length + at]));
      const [only, ...others] = begun;
      const end =
        only !== undefined && others.length === 0
          ? yield* perform(only.call, only.id, after, deps, signal)
          : yield* performTogether(begun, after, deps, signal);
      return "state" in end ? end : { ...end, denied: false, begun: group.length };
    }
  }
}

/** Stores the agent's last word with what shows it, or sends it back. */
async function* finish(
  event: NewAction<"finish">,
  before: readonly NewEvent[],
  first: View,
  deps: TurnDeps,
  signal: AbortSignal,
): Begun {
  const { firstAction } = first.prompt.progress;
  let view = first;
  let reply: number | undefined;
  let changes: WorkspaceChanges | undefined;
  if (firstAction !== null && deps.changesSince !== undefined) {
    // A look takes its time, and the reply is not to be lost meanwhile.
    if (before.length > 0) {
      const { stored } = yield { type: "events", events: (_, now) => whileAtWork(now, before, []) };
      reply = stored[0]?.id;
      if (reply === undefined) return { state: null };
    }
    changes = await deps.changesSince(
      firstAction - 1,
      AbortSignal.any([signal, AbortSignal.timeout(changesTimeoutMs)]),
    );
    // With what was stored meanwhile.
    view = yield { type: "events", events: () => [] };
    if (!isRunning(view, signal)) return { state: null };
  }
  const last = finishEvent(event, view, changes);
  const left = reply === undefined ? before : [];
  const after = yield {
    type: "events",
    events: (firstId, now) => whileAtWork(now, left, [inReply(last, reply ?? firstId)]),
  };
  if (after.stored.length <= left.length) return { state: null };
  if (!isAction(last)) return { view: after, denied: false, begun: 1 };
  const sent = yield* sentBack(last, after, deps, signal);
  return sent === null ? { state: "finished" } : { view: sent, denied: false, begun: 1 };
}

function begunCall(call: PreparedCall, stored: Event | undefined): BegunCall {
  const origin = stored?.tool_call;
  return { call: call.type === "runnable" && origin !== undefined ? { ...call, origin } : call, id: stored?.id ?? 0 };
}

/** Runs the stored action that was approved: its arguments are those that the person saw. */
export async function* performApproved(
  view: View,
  deps: TurnDeps,
  signal: AbortSignal,
): AsyncGenerator<TurnOutput, TurnEnd | { view: View }, View> {
  const event = view.state.open.find((each) => each.id === view.state.approved);
  const tool = event === undefined ? undefined : deps.agent.tools.get(event.action);
  if (event === undefined || tool === undefined) throw new Error("what was approved is an open action with a tool");
  // Waited for before the last look: a pause that comes while it starts still holds.
  await deps.runtime().catch(() => {});
  const refusal = await refusalOf(event, deps.runtime).catch(() => undefined);
  if (refusal !== undefined) return { view: yield { type: "events", events: (_, now) => goesOn(refusal, now) } };
  const now = yield { type: "events", events: () => [] };
  // It is still approved, and is done when the work goes on.
  if (!isRunning(now, signal)) return { state: null };
  const origin = event.tool_call ?? { reply: unknownReply, id: "" };
  return yield* perform({ type: "runnable", event, tool, origin }, event.id, view, deps, signal);
}

/** Does what a stored call asks and yields its observation. */
async function* perform(
  call: PreparedCall,
  id: number,
  view: View,
  deps: TurnDeps,
  signal: AbortSignal,
): AsyncGenerator<TurnOutput, TurnEnd | { view: View }, View> {
  switch (call.type) {
    case "refused":
    case "noted":
      return { view };
    case "ends": {
      const sent = call.state === "finished" ? yield* sentBack(call.event, view, deps, signal) : null;
      return sent === null ? { state: call.state } : { view: sent };
    }
    case "runnable": {
      const running = runHooked(call, id, deps, signal);
      let step = await running.next();
      while (!step.done) {
        yield { type: "delta", delta: step.value };
        step = await running.next();
      }
      const { event, bug, hooked } = step.value;
      const stored = yield {
        type: "events",
        events: (_, now) => [...hooked, ...goesOn(event, now)],
      };
      const after = yield* askAfter([{ action: call.event, id, observation: event }], stored, deps, signal);
      return bug === undefined ? { view: after } : failedEnd(bug);
    }
  }
}

/**
 * What is stored of a call and of what stands before it. Where somebody paused the work meanwhile, the call stays pending
 * and is looked at again; where it was ended, nothing of it is kept.
 */
function whileAtWork(
  { agentState }: ConversationState,
  before: readonly NewEvent[],
  events: readonly NewEvent[],
): readonly NewEvent[] {
  if (isWorking(agentState)) return [...before, ...events];
  return agentState === "paused" ? before : [];
}

/** After what was approved the turn is as any other. */
function goesOn(answer: NewEvent, now: ConversationState): readonly NewEvent[] {
  return now.agentState === "user_confirmed" ? [answer, stateChange("running")] : [answer];
}

function inReply<T extends NewEvent>(event: T, reply: number): T {
  const { tool_call: origin } = event;
  return origin?.reply === unknownReply ? { ...event, tool_call: { ...origin, reply } } : event;
}
