/**
 * The loop, as a pure generator: from a user's message to rest. It yields what is to be stored or shown and imports no
 * log, no socket and no conversation; it is resumed with the state as it is after what it yielded was stored.
 *
 *   run what was approved -> take in queued messages -> check limits -> ask the model -> run the calls of its reply, in order -> again
 *
 * It ends when the model says that it is done or speaks without calling a tool, when a limit is reached, when the agent
 * goes round in a circle although it was told, when the model fails, and when somebody changed the state (pause, stop):
 * then it says nothing and the state stays as it was made. It also ends where an action has to wait for a person; the
 * turn after the approval begins with that action.
 */
import {
  action,
  DeckhandError,
  errorObservation,
  isAtWork,
  observation,
  stateChange,
  type AgentState,
  type ConversationState,
  type Delta,
  type ErrorCode,
  type Event,
  type NewEvent,
  type NudgeReason,
} from "@deckhand/protocol";
import type { Model, ModelReply } from "../llm/model.ts";
import type { Agent } from "./agents.ts";
import { prepareCall, runPrepared, textOf, withOwnIds, type PreparedCall, type RuntimeFor } from "./calls.ts";
import { gate, refusalOf, waitingEvents, type GateDeps } from "./gate.ts";
import { limitReached, type Limits } from "./limits.ts";
import type { Prompt } from "./prompt.ts";
import { stuckSentence } from "./stuck.ts";

export interface TurnDeps extends GateDeps {
  readonly model: Model;
  readonly agent: Agent;
  /** Where there is none, each action that needs it is refused. */
  readonly runtime: RuntimeFor;
  readonly limits: Limits;
  readonly now: () => number;
}

export type Step =
  /** To be stored, all or none. The ids are known only when they are: the events are made from the first, in the state as it then is. */
  | { readonly type: "events"; readonly events: (firstId: number, now: ConversationState) => readonly NewEvent[] }
  | { readonly type: "delta"; readonly delta: Delta };

/** What the loop sees when it is resumed; after `events` with the events as stored. */
export interface View {
  readonly state: ConversationState;
  /** Has taken in every event up to `state.head`. */
  readonly prompt: Prompt;
  readonly stored: readonly Event[];
}

export type TurnEnd =
  | { readonly state: Extract<AgentState, "finished" | "rejected" | "awaiting_user_input"> }
  | {
      readonly state: Extract<AgentState, "error" | "paused">;
      readonly code: ErrorCode;
      readonly message: string;
    }
  /** The state was changed from outside, or the signal aborted. */
  | { readonly state: null };

export type Turn = AsyncGenerator<Step, TurnEnd, View>;

export async function* runTurn(first: View, deps: TurnDeps, signal: AbortSignal): Turn {
  let view = first;
  while (isRunning(view, signal)) {
    if (view.state.approved !== null) {
      const end = yield* performApproved(view, deps, signal);
      if ("state" in end) return end;
      view = end.view;
      continue;
    }

    // A turn that was paused in the middle of a reply goes on with what is left of it.
    for (const call of view.state.pendingCalls) {
      const end = yield* begin(prepareCall(call, deps.agent), [], deps, signal);
      if ("state" in end) return end;
      view = end.view;
      if (!isRunning(view, signal)) return { state: null };
      if (end.denied) break;
    }

    if (view.state.queued.length > 0) view = yield takeIn(view.state);
    if (!view.prompt.hasUserMessage) return { state: "awaiting_user_input" };

    const limit = limitReached(view.state, deps.limits, deps.now());
    if (limit !== null) return { state: "paused", ...limit };

    const stuck = view.prompt.trail.verdict();
    if (stuck?.todo === "pause") return { state: "paused", code: "stuck", message: stuckSentence };
    if (stuck !== null) view = yield nudge(stuck.reason);
    if (!isRunning(view, signal)) return { state: null };

    const asked = yield* ask(view, deps, signal);
    if ("state" in asked) return asked;
    const { reply, durationMs } = asked;

    const calls = reply.parts.filter((part) => part.type === "call");
    const [call] = calls;
    if (call === undefined) {
      const text = textOf(reply.parts);
      yield {
        type: "events",
        events: () => [
          replyEvent(reply, deps.model.name, durationMs),
          action("agent", "message", { content: text, image_urls: null, wait_for_response: true }),
        ],
      };
      return { state: "awaiting_user_input" };
    }

    // Stopped while the model said its last word: its calls are off.
    if (signal.aborted) return { state: null };

    // The reply and its first action are one commit.
    const prepared = prepareCall({ ...call, reply: unknownReply }, deps.agent, textOf(reply.parts));
    const end = yield* begin(prepared, [replyEvent(reply, deps.model.name, durationMs)], deps, signal);
    if ("state" in end) return end;
    view = end.view;
  }
  return { state: null };
}

/** In a call whose reply is stored together with it, until the id of that reply is known. */
const unknownReply = -1;

type Begun = AsyncGenerator<Step, TurnEnd | { view: View; denied: boolean }, View>;

/** Stores a call behind `before`, in one commit, and does it, or leaves it waiting for a person. */
async function* begin(call: PreparedCall, before: readonly NewEvent[], deps: TurnDeps, signal: AbortSignal): Begun {
  const gated = await gate(call, deps);
  switch (gated.type) {
    case "waits": {
      yield {
        type: "events",
        events: (firstId, now) => waitingEvents(inReply(gated.event, firstId), before, now),
      };
      return { state: null };
    }
    case "denied": {
      const view = yield {
        type: "events",
        events: (firstId) => {
          const answer = gated.answer(firstId + before.length);
          return [...before, inReply(gated.event, firstId), inReply(answer, firstId)];
        },
      };
      return { view, denied: true };
    }
    case "free": {
      const view = yield { type: "events", events: (firstId) => [...before, inReply(call.event, firstId)] };
      const stored = view.stored.at(-1);
      const origin = stored?.tool_call;
      const known = call.type === "runnable" && origin !== undefined ? { ...call, origin } : call;
      const end = yield* perform(known, stored?.id ?? 0, view, deps, signal);
      return "state" in end ? end : { ...end, denied: false };
    }
  }
}

/** Runs the stored action that was approved: its arguments are those that the person saw. */
async function* performApproved(
  view: View,
  deps: TurnDeps,
  signal: AbortSignal,
): AsyncGenerator<Step, TurnEnd | { view: View }, View> {
  const event = view.state.open.find((each) => each.id === view.state.approved);
  const tool = event === undefined ? undefined : deps.agent.tools.get(event.action);
  if (event === undefined || tool === undefined) throw new Error("what was approved is an open action with a tool");
  const refusal = await refusalOf(event, deps.runtime).catch(() => undefined);
  if (refusal !== undefined) return { view: yield { type: "events", events: (_, now) => goesOn(refusal, now) } };
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
): AsyncGenerator<Step, TurnEnd | { view: View }, View> {
  switch (call.type) {
    case "refused":
    case "noted":
      return { view };
    case "ends":
      return { state: call.state };
    case "runnable": {
      const running = runPrepared(call, { id, runtime: deps.runtime, signal });
      let step = await running.next();
      while (!step.done) {
        yield { type: "delta", delta: step.value };
        step = await running.next();
      }
      const { event, bug } = step.value;
      const after = yield {
        type: "events",
        events: (_, now) => goesOn(event, now),
      };
      return bug === undefined ? { view: after } : failed(bug);
    }
  }
}

async function* ask(
  view: View,
  deps: TurnDeps,
  signal: AbortSignal,
): AsyncGenerator<Step, TurnEnd | { reply: ModelReply; durationMs: number }, View> {
  const startedAt = deps.now();
  try {
    const replying = deps.model.reply(view.prompt.request(deps.agent), signal);
    let step = await replying.next();
    while (!step.done) {
      const progress = step.value;
      if (progress.type === "delta") {
        yield { type: "delta", delta: progress.delta };
      } else {
        const { code, attempt, waitMs } = progress;
        yield {
          type: "events",
          events: () => [
            observation("environment", "status", progress.message, { code, attempt, wait_ms: Math.round(waitMs) }),
          ],
        };
      }
      step = await replying.next();
    }
    return { reply: { ...step.value, parts: withOwnIds(step.value.parts) }, durationMs: deps.now() - startedAt };
  } catch (error) {
    if (signal.aborted) return { state: null };
    return failed(error);
  }
}

function takeIn(state: ConversationState): Step {
  const events = state.queued.map((message) =>
    observation(
      "user",
      "chat",
      message.content,
      { image_urls: message.imageUrls.length > 0 ? [...message.imageUrls] : null },
      { cause: message.id },
    ),
  );
  return { type: "events", events: () => events };
}

function nudge(reason: NudgeReason): Step {
  return { type: "events", events: () => [observation("environment", "nudge", circleNote, { reason })] };
}

const circleNote =
  "(A note of the server, not of the user.) You are going round in a circle: the same again, with the same result. Look at what came of it and try another way. To wait for something, run a command that sleeps. If nothing is left to try, call finish and tell what stands in the way.";

function replyEvent(reply: ModelReply, model: string, durationMs: number): NewEvent {
  return observation("agent", "reply", textOf(reply.parts), {
    model,
    parts: [...reply.parts],
    finish_reason: reply.finishReason,
    usage: reply.usage,
    cost_usd: reply.costUsd,
    duration_ms: durationMs,
    first_token_ms: reply.firstTokenMs,
  });
}

/** After what was approved the turn is as any other. */
function goesOn(answer: NewEvent, now: ConversationState): readonly NewEvent[] {
  return now.agentState === "user_confirmed" ? [answer, stateChange("running")] : [answer];
}

function inReply<T extends NewEvent>(event: T, reply: number): T {
  const { tool_call: origin } = event;
  return origin?.reply === unknownReply ? { ...event, tool_call: { ...origin, reply } } : event;
}

function isRunning(view: View, signal: AbortSignal): boolean {
  return isAtWork(view.state.agentState) && !signal.aborted;
}

function failed(error: unknown): TurnEnd {
  if (error instanceof DeckhandError) return { state: "error", code: error.code, message: error.message };
  throw error;
}

/** The events that tell how a turn ended, for the conversation to store. */
export function endEvents(end: TurnEnd): readonly NewEvent[] {
  if (end.state === null) return [];
  const change = observation("environment", "agent_state_changed", "", {
    agent_state: end.state,
    ...("message" in end ? { reason: end.message } : {}),
  });
  return "code" in end ? [errorObservation("environment", end.code, end.message), change] : [change];
}
