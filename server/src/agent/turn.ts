/**
 * The agent loop: one turn, from the user's message until the agent is idle again.
 *
 *   repeat:
 *     run an approved action, or the calls left over from the last reply
 *     take in instructions and queued messages
 *     check limits, check for a loop, compact the prompt
 *     call the model
 *     execute the calls of its reply
 *
 * It is a pure generator. It yields what is to be stored or shown, and is resumed with the state after that was stored.
 * It imports no log, socket or conversation.
 *
 * A turn ends when the model calls `finish` or `reject` or answers without a tool call (see finish/), when a limit is
 * reached, when the agent keeps repeating itself after a nudge, when the model fails, when an action needs an approval
 * (the next turn starts with the approved action), or when the state was changed from outside, by a pause or a stop. In
 * that last case it yields nothing more.
 */
import { action, observation, type NewEvent, type NudgeReason } from "@deckhand/protocol";
import { compactAfterOverflow, compactIfNeeded } from "./context/compaction.ts";
import { systemNote } from "./context/notes.ts";
import { executeApproved, executePending, executeReply } from "./execution/execute.ts";
import { runStartHooks } from "./execution/hooks.ts";
import { continueNudge, endedPrematurely } from "./finish/premature-end.ts";
import { callModel, replyText } from "./model-call.ts";
import { stuckMessage } from "./stuck.ts";
import { TurnInput } from "./turn-input.ts";
import {
  interrupted,
  isRunning,
  storeEvents,
  type TurnDeps,
  type TurnEnd,
  type TurnPart,
  type View,
} from "./turn-types.ts";

export type Turn = TurnPart<TurnEnd>;

export async function* runTurn(first: View, deps: TurnDeps, signal: AbortSignal): Turn {
  const input = new TurnInput(deps);
  let hasStarted = false;
  let view = first;
  while (isRunning(view, signal)) {
    const { approved, pendingCalls } = view.state;
    if (approved !== null || pendingCalls.length > 0) {
      const flow = yield* approved === null ? executePending(view, deps, signal) : executeApproved(view, deps, signal);
      if (flow.type === "ended") return flow.end;
      view = flow.view;
      continue;
    }

    const incoming = await input.collect(view, signal);
    if (signal.aborted) break;
    if (incoming.length > 0) view = yield storeEvents(...incoming);
    if (!view.prompt.hasUserMessage) return { type: "completed", agentState: "awaiting_user_input" };

    if (!hasStarted) {
      hasStarted = true;
      const flow = yield* runStartHooks(view, deps, signal);
      if (flow.type === "ended") return flow.end;
      view = flow.view;
      if (!isRunning(view, signal)) break;
    }

    const limit = await deps.limits(view.state);
    if (limit !== null) return { type: "halted", agentState: "paused", ...limit };

    const stuck = view.prompt.stepHistory.check();
    if (stuck?.type === "pause") return { type: "halted", agentState: "paused", code: "stuck", message: stuckMessage };
    if (stuck !== null) view = yield storeEvents(loopNudge(stuck.reason));
    if (!isRunning(view, signal)) break;

    const compacted = yield* compactIfNeeded(view, deps, signal);
    if (compacted.type === "ended") return compacted.end;
    view = compacted.view;
    if (!isRunning(view, signal)) break;

    const called = yield* callModel(view, deps, signal);
    if (called.type === "ended") return called.end;
    if (called.type === "too_long") {
      const flow = yield* compactAfterOverflow(called.end, view, deps, signal);
      if (flow.type === "ended") return flow.end;
      view = flow.view;
      continue;
    }

    const { reply, event } = called;
    if (!reply.parts.some((part) => part.type === "call")) {
      const text = replyText(reply.parts);
      const { progress } = view.prompt;
      const continues = endedPrematurely(text, progress);
      const message = action("agent", "message", { content: text, image_urls: null, wait_for_response: !continues });
      view = yield storeEvents(event, message, ...(continues ? [continueNudge(progress)] : []));
      if (!continues) return { type: "completed", agentState: "awaiting_user_input" };
      continue;
    }

    // Stopped while the last part of the reply came in: none of its calls begins.
    if (signal.aborted) break;
    const flow = yield* executeReply(reply.parts, event, view, deps, signal);
    if (flow.type === "ended") return flow.end;
    view = flow.view;
  }
  return interrupted.end;
}

function loopNudge(reason: NudgeReason): NewEvent {
  return observation("environment", "nudge", loopNote, { reason });
}

const loopNote = `${systemNote} You are repeating the same action with the same result. Look at the result and try a different approach. To wait for something, run a command that sleeps. If there is nothing left to try, call finish and explain what is blocking you.`;
