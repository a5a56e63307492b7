/**
 * The loop, as a pure generator: from a user's message to rest. It yields what is to be stored or shown and imports no
 * log, no socket and no conversation; it is resumed with the state as it is after what it yielded was stored.
 *
 *   run what was approved -> take in queued messages -> check limits -> make room -> ask the model -> run the calls of its reply -> again
 *
 * Calls run in their order; those that only look, one after another in the reply, side by side.
 *
 * It ends when the model says that it is done or speaks without calling a tool (finish/), when a limit is reached, when the agent
 * goes round in a circle although it was told, when the model fails, and when somebody changed the state (pause, stop):
 * then it says nothing and the state stays as it was made. Whether a call begins is decided where its action is stored: none
 * does behind a pause. It also ends where an action has to wait for a person; the
 * turn after the approval begins with that action.
 */
import {
  action,
  errorObservation,
  observation,
  type ConversationState,
  type NewEvent,
  type NudgeReason,
} from "@deckhand/protocol";
import { ask } from "./model-call.ts";
import { prepareCall, replyText } from "./execution/prepare.ts";
import { compactAfterOverflow, compactIfNeeded } from "./context/compaction.ts";
import { continueNudge, endedPrematurely } from "./finish/premature-end.ts";
import type { Instructions } from "./instructions/instructions.ts";
import { triggeredByMessage, loadInstructions, changedInstructions } from "./instructions/load.ts";
import { triggeredByPaths } from "./instructions/path-triggered.ts";
import { askAtStart } from "./execution/hooks.ts";
import { limitReached } from "./limits.ts";
import { begin, performApproved, unknownReply } from "./execution/execute.ts";
import { isRunning, type TurnOutput, type TurnDeps, type TurnEnd, type View } from "./turn-types.ts";
import { stuckMessage } from "./stuck.ts";

export type Turn = AsyncGenerator<TurnOutput, TurnEnd, View>;

export async function* runTurn(first: View, deps: TurnDeps, signal: AbortSignal): Turn {
  let view = first;
  let knowledge: Instructions | null | undefined;
  let begun = false;
  while (isRunning(view, signal)) {
    if (view.state.approved !== null) {
      const end = yield* performApproved(view, deps, signal);
      if ("state" in end) return end;
      view = end.view;
      continue;
    }

    // A turn that was paused in the middle of a reply goes on with what is left of it.
    let pending = view.state.pendingCalls.map((call) => prepareCall(call, deps.agent));
    while (pending.length > 0) {
      const end = yield* begin(pending, [], view, deps, signal);
      if ("state" in end) return end;
      view = end.view;
      if (!isRunning(view, signal)) return { state: null };
      pending = end.denied ? [] : pending.slice(end.begun);
    }

    if (knowledge === undefined) {
      knowledge = deps.agent.readsInstructions
        ? await loadInstructions(deps.readInstructions, signal, deps.readUserInstructions)
        : null;
      if (signal.aborted) return { state: null };
    }
    const touched = view.prompt.progress.takeTouched();
    const onTheWay = await triggeredByPaths(knowledge, touched, view.state, deps.runtime, signal);
    if (signal.aborted) return { state: null };
    const taken = [...onTheWay, ...takeIn(view.state, knowledge)];
    if (taken.length > 0) view = yield { type: "events", events: () => taken };
    if (!view.prompt.hasUserMessage) return { state: "awaiting_user_input" };

    if (!begun) {
      begun = true;
      const started = yield* askAtStart(view, deps, signal);
      if ("state" in started) return started;
      view = started.view;
      if (!isRunning(view, signal)) return { state: null };
    }

    const limit =
      limitReached(view.state, deps.limits, deps.now()) ?? (await deps.limitAbove?.().catch(() => null)) ?? null;
    if (limit !== null) return { state: "paused", ...limit };

    const stuck = view.prompt.stepHistory.verdict();
    if (stuck?.todo === "pause") return { state: "paused", code: "stuck", message: stuckMessage };
    if (stuck !== null) view = yield nudge(stuck.reason);
    if (!isRunning(view, signal)) return { state: null };

    const room = yield* compactIfNeeded(view, deps, signal);
    if ("state" in room) return room;
    view = room.view;
    if (!isRunning(view, signal)) return { state: null };

    const asked = yield* ask(view, deps, signal);
    if ("code" in asked && asked.code === "model_context_too_long") {
      const more = yield* compactAfterOverflow(asked, view, deps, signal);
      if ("state" in more) return more;
      view = more.view;
      continue;
    }
    if ("state" in asked) return asked;
    const { reply, replied } = asked;

    const calls = reply.parts.filter((part) => part.type === "call");
    if (calls.length === 0) {
      const text = replyText(reply.parts);
      const goesOn = endedPrematurely(text, view.prompt.progress);
      const said = action("agent", "message", { content: text, image_urls: null, wait_for_response: !goesOn });
      const { progress: ledger } = view.prompt;
      view = yield { type: "events", events: () => [replied, said, ...(goesOn ? [continueNudge(ledger)] : [])] };
      if (!goesOn) return { state: "awaiting_user_input" };
      continue;
    }

    // Stopped while the model said its last word: its calls are off.
    if (signal.aborted) return { state: null };

    // The reply and its first action are one commit.
    const prepared = calls.map((call, at) =>
      prepareCall({ ...call, reply: unknownReply }, deps.agent, at === 0 ? replyText(reply.parts) : ""),
    );
    const end = yield* begin(prepared, [replied], view, deps, signal);
    if ("state" in end) return end;
    view = end.view;
  }
  return { state: null };
}

/** What the workspace says stands before the messages, and what a message calls for behind it. */
function takeIn(state: ConversationState, knowledge: Instructions | null): readonly NewEvent[] {
  const messages = state.queued.flatMap(({ id, content, imageUrls }) => {
    const images = { image_urls: imageUrls.length > 0 ? [...imageUrls] : null };
    return [
      observation("user", "chat", content, images, { cause: id }),
      ...triggeredByMessage(knowledge, content, state),
    ];
  });
  return [...changedInstructions(knowledge, state), ...messages];
}

function nudge(reason: NudgeReason): TurnOutput {
  return { type: "events", events: () => [observation("environment", "nudge", circleNote, { reason })] };
}

const circleNote =
  "(A note of the server, not of the user.) You are going round in a circle: the same again, with the same result. Look at what came of it and try another way. To wait for something, run a command that sleeps. If nothing is left to try, call finish and tell what stands in the way.";

/** The events that tell how a turn ended, for the conversation to store. */
export function endEvents(end: TurnEnd): readonly NewEvent[] {
  if (end.state === null) return [];
  const change = observation("environment", "agent_state_changed", "", {
    agent_state: end.state,
    ...("message" in end ? { reason: end.message } : {}),
  });
  return "code" in end ? [errorObservation("environment", end.code, end.message), change] : [change];
}
