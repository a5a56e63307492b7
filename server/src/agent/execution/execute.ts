/**
 * Executes the tool calls of a reply. A call passes these stages, in this order; a stage may end the list, by starting
 * an approval, say.
 *
 *   prepare          parse the arguments                        an invalid call is answered at once
 *   finishTurn       check and store a `finish`                 it runs no tool
 *   approve          ask the policy                             an action may have to wait for a person, or is denied
 *   storeActions     one commit, together with a new reply      nothing runs before its action is in the log
 *   runBeforeHooks   the user's hooks may block it
 *   runTool          streams deltas, ends with an observation
 *   runAfterHooks    once the observation is stored
 *
 * One pass executes a batch: the first pending call, and the calls behind it that may run in parallel with it. The rest
 * stay pending for the next round of the loop. Stages are async functions, because calls run at the same time; they
 * hand what they yield to the loop through a channel.
 */
import type { NewEvent, ReplyPart } from "@deckhand/protocol";
import { replyText } from "../model-call.ts";
import {
  continueWith,
  endTurn,
  interrupted,
  type Flow,
  type TurnDeps,
  type TurnPart,
  type View,
} from "../turn-types.ts";
import { approve, recheckApproval } from "./approve.ts";
import { commitActions, unknownReply } from "./commit.ts";
import { finishTurn } from "./finish-call.ts";
import { runAfterHooks, runBeforeHooks } from "./hooks.ts";
import { OutputChannel } from "./output-channel.ts";
import { inParallel } from "./parallel.ts";
import { prepare } from "./prepare.ts";
import { runTool } from "./run-action.ts";
import type { Batch, Execution, Stage } from "./stage.ts";

const run = [inParallel(runBeforeHooks, runTool), runAfterHooks];
const callPipeline: readonly Stage[] = [prepare, finishTurn, approve, storeActions, ...run];
/** For an action that is in the log already and was approved. */
const approvedPipeline: readonly Stage[] = [recheckApproval, ...run];

/** Executes the first calls of a new reply, which is stored with them. */
export function executeReply(
  parts: readonly ReplyPart[],
  reply: NewEvent,
  view: View,
  deps: TurnDeps,
  signal: AbortSignal,
): TurnPart {
  const calls = parts.filter((part) => part.type === "call");
  const pending = calls.map((call) => ({ ...call, reply: unknownReply }));
  return runPipeline(callPipeline, { ...emptyBatch(view), reply, thought: replyText(parts), pending }, deps, signal);
}

/** Executes the next calls of a reply that is in the log. */
export function executePending(view: View, deps: TurnDeps, signal: AbortSignal): TurnPart {
  return runPipeline(callPipeline, { ...emptyBatch(view), pending: view.state.pendingCalls }, deps, signal);
}

export function executeApproved(view: View, deps: TurnDeps, signal: AbortSignal): TurnPart {
  const event = view.state.open.find(({ id }) => id === view.state.approved);
  const tool = event === undefined ? undefined : deps.agent.tools.get(event.action);
  if (event === undefined || tool === undefined) throw new Error("the approved action is not open or has no tool");
  const origin = event.tool_call ?? { reply: unknownReply, id: "" };
  const call = { type: "runnable", event, tool, origin, actionId: event.id, hookEvents: [], answer: null } as const;
  return runPipeline(approvedPipeline, { ...emptyBatch(view), started: [call] }, deps, signal);
}

function runPipeline(stages: readonly Stage[], batch: Batch, deps: TurnDeps, signal: AbortSignal): TurnPart {
  const channel = new OutputChannel();
  return channel.drain(runStages(stages, batch, { deps, signal, send: (output) => channel.send(output) }));
}

async function runStages(stages: readonly Stage[], first: Batch, execution: Execution): Promise<Flow> {
  let batch = first;
  for (const stage of stages) {
    const result = await stage(batch, execution);
    if (result.type !== "next") return result;
    batch = result.batch;
  }
  return continueWith(batch.view);
}

async function storeActions(batch: Batch, { send }: Execution): ReturnType<Stage> {
  const { reply, prepared } = batch;
  const view = await send(commitActions(reply, () => prepared.map(({ event }) => event)));
  const stored = view.stored.slice(reply === null ? 0 : 1);
  // Paused or ended in the meantime.
  if (stored.length === 0) return interrupted;
  const [first] = prepared;
  if (first?.type === "ends") return endTurn(first.agentState);
  const started = prepared.flatMap((call, at) => {
    const action = stored[at];
    if (call.type !== "runnable" || action === undefined) return [];
    return [{ ...call, origin: action.tool_call ?? call.origin, actionId: action.id, hookEvents: [], answer: null }];
  });
  return { type: "next", batch: { ...batch, view, started } };
}

function emptyBatch(view: View): Batch {
  return { view, reply: null, thought: "", pending: [], prepared: [], started: [] };
}
