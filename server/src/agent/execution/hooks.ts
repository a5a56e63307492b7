/** Where the loop runs the user's hooks. What they report is stored; what they block does not happen. */
import { errorObservation, type NewAction } from "@deckhand/protocol";
import {
  continueWith,
  endTurn,
  storeEvents,
  type Flow,
  type TurnDeps,
  type TurnPart,
  type View,
} from "../turn-types.ts";
import type { CallStage, Execution, Stage } from "./stage.ts";

/** Before the model is called for the first time in a conversation. */
export async function* runStartHooks(view: View, { hooks }: TurnDeps, signal: AbortSignal): TurnPart {
  if (hooks === undefined || view.prompt.hasReplies) return continueWith(view);
  const { events, blockReason } = await hooks.start(signal);
  const after = events.length === 0 ? view : yield storeEvents(...events);
  if (blockReason === undefined || signal.aborted) return continueWith(after);
  return {
    type: "ended",
    end: { type: "halted", agentState: "error", code: "hook_blocked", message: blockReason },
  };
}

export const runBeforeHooks: CallStage = async (call, { deps, signal }) => {
  if (deps.hooks === undefined) return call;
  const { event, actionId, origin } = call;
  const { events, blockReason } = await deps.hooks.before(event, actionId, signal);
  if (blockReason === undefined || signal.aborted) return { ...call, hookEvents: events };
  const refs = { cause: actionId, tool_call: origin };
  const answer = { observation: errorObservation(event.source, "hook_blocked", blockReason, refs) };
  return { ...call, hookEvents: events, answer };
};

/** Last stage. The observations are stored by now, so a slow hook loses nothing. */
export const runAfterHooks: Stage = async (batch, { deps, signal, send }) => {
  let { view } = batch;
  for (const { event, actionId, answer } of batch.started) {
    if (deps.hooks === undefined || signal.aborted) break;
    if (answer === null) continue;
    const { events } = await deps.hooks.after(event, actionId, answer.observation, signal);
    if (events.length > 0) view = await send(storeEvents(...events));
  }
  const bug = batch.started.find(({ answer }) => answer?.bug !== undefined)?.answer?.bug;
  if (bug !== undefined) throw bug.error;
  return continueWith(view);
};

/** After a `finish` was stored: a hook may send the agent back to work. */
export async function runStopHooks(finish: NewAction, view: View, { deps, signal, send }: Execution): Promise<Flow> {
  if (deps.hooks === undefined) return endTurn("finished");
  const { events, blockReason } = await deps.hooks.stop(finish, view.state.blockedFinishes, signal);
  const after = events.length === 0 ? view : await send(storeEvents(...events));
  return blockReason === undefined || signal.aborted ? endTurn("finished") : continueWith(after);
}
