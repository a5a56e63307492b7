/** The approval gate: which calls may start, which wait for a person, and whether an approved action may still run. */
import {
  approvalReasonSentence,
  errorObservation,
  observation,
  stateChange,
  type Action,
  type ApprovalDetails,
  type NewAction,
  type NewEvent,
  type NewObservation,
} from "@deckhand/protocol";
import {
  continueWith,
  interrupted,
  isRunning,
  storeEvents,
  type AcquireRuntime,
  type TurnDeps,
} from "../turn-types.ts";
import { isParallelSafe, maxParallelCalls } from "./parallel.ts";
import { commitActions, commitAnswers } from "./commit.ts";
import type { PreparedCall, RunnableCall, Stage, StartedCall } from "./stage.ts";

/** Keeps the calls that start now: the first one, and those behind it that may run in parallel and need no approval. */
export const approve: Stage = async (batch, { deps, send }) => {
  const [first, ...rest] = batch.prepared;
  if (first?.type !== "runnable") return { type: "next", batch: { ...batch, prepared: batch.prepared.slice(0, 1) } };
  const gate = await passGate(first, deps);
  switch (gate.type) {
    case "allowed":
      return { type: "next", batch: { ...batch, prepared: [gate.call, ...(await parallelCalls(first, rest, deps))] } };
    case "waits":
      await send(commitActions(batch.reply, () => pendingApprovalEvents(gate.action)));
      return interrupted;
    case "denied": {
      const { action, reason } = gate;
      const events = (id: number) => [action, denialObservation(reason, { id, tool_call: first.origin })] as const;
      return continueWith(await send(commitActions(batch.reply, events)));
    }
  }
};

/** Whether an approved action may still run. Its stored arguments are the ones the person saw. */
export const recheckApproval: Stage = async (batch, { deps, signal, send }) => {
  const [call] = batch.started;
  // Started first, so that a pause which arrives meanwhile is seen by the check below.
  await deps.runtime().catch(() => {});
  const refusal = call && (await staleApproval(call, deps.runtime).catch(() => undefined));
  if (refusal !== undefined) return continueWith(await send(commitAnswers([refusal])));
  const view = await send(storeEvents());
  // The approval stays valid, and the action runs when the work is resumed.
  return isRunning(view, signal) ? { type: "next", batch: { ...batch, view } } : interrupted;
};

/**
 * The action was approved for one directory, and the shell is in another one now (it was lost in between): there the
 * same command may mean something else.
 */
async function staleApproval(
  { event, actionId, origin }: StartedCall,
  runtime: AcquireRuntime,
): Promise<NewObservation<"error"> | undefined> {
  const approvedIn = event.approval?.cwd;
  if (approvedIn === undefined) return undefined;
  const { cwd } = await runtime();
  if (cwd === approvedIn) return undefined;
  const reason = `Not run: it was approved for the directory ${approvedIn}, but the shell is now in ${cwd}. Request it again.`;
  return errorObservation("agent", "conflict", reason, { cause: actionId, tool_call: origin });
}

type Gate =
  | { readonly type: "allowed"; readonly call: RunnableCall }
  /** The action waits for a person; nothing else starts before it is answered. */
  | { readonly type: "waits"; readonly action: NewAction }
  /** Nobody is there to ask. */
  | { readonly type: "denied"; readonly action: NewAction; readonly reason: string };

async function passGate(call: RunnableCall, deps: TurnDeps): Promise<Gate> {
  const decision = await deps.policy(call.event, call.tool);
  if (decision.type === "allow") {
    const { rules } = decision;
    return {
      type: "allowed",
      call: rules.length === 0 ? call : { ...call, event: { ...call.event, allowed_by: rules } },
    };
  }
  const { reasons, rules, seconds } = decision.request;
  if (seconds <= 0) {
    const why = reasons.map(approvalReasonSentence).join(" ");
    const reason = `Denied, because nobody is available to approve it. ${why}`;
    return { type: "denied", action: withConfirmation(call.event, "rejected"), reason };
  }
  const cwd = await deps.runtime().then(
    (runtime) => runtime.cwd,
    () => undefined,
  );
  const approval: ApprovalDetails = {
    reasons: [...reasons],
    rules: [...rules],
    expires_at: new Date(deps.now() + seconds * 1000).toISOString(),
    default: "deny",
    ...(cwd === undefined ? {} : { cwd }),
  };
  return { type: "waits", action: { ...withConfirmation(call.event, "awaiting_confirmation"), approval } };
}

async function parallelCalls(
  first: PreparedCall,
  rest: readonly PreparedCall[],
  deps: TurnDeps,
): Promise<readonly RunnableCall[]> {
  const calls: RunnableCall[] = [];
  if (!isParallelSafe(first)) return calls;
  for (const call of rest.slice(0, maxParallelCalls - 1)) {
    if (!isParallelSafe(call)) break;
    const gate = await passGate(call, deps);
    if (gate.type !== "allowed") break;
    calls.push(gate.call);
  }
  return calls;
}

/** The state comes first, as in OpenHands 0.9–0.14. */
function pendingApprovalEvents(action: NewAction): readonly NewEvent[] {
  return [stateChange("awaiting_user_confirmation"), action];
}

export function denialObservation(
  content: string,
  { id, tool_call }: Pick<Action, "id" | "tool_call">,
): NewObservation<"user_rejected"> {
  return observation("user", "user_rejected", content, {}, { cause: id, tool_call });
}

function withConfirmation(event: NewAction, state: "awaiting_confirmation" | "rejected"): NewAction {
  if (!("confirmation_state" in event.args)) return event;
  return { ...event, args: { ...event.args, confirmation_state: state } } as NewAction;
}
