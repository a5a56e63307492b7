/** Calls the model for its next reply. Deltas, retries and switches to another model are yielded as they come. */
import { observation, type ContextUse, type NewEvent, type ReplyPart } from "@deckhand/protocol";
import type { ModelProgress, ModelReply } from "../llm/model.ts";
import { contextUsage } from "./context/context-usage.ts";
import {
  endWithError,
  interrupted,
  storeEvents,
  type TurnDeps,
  type TurnEnd,
  type TurnOutput,
  type TurnPart,
  type View,
} from "./turn-types.ts";

export type ModelCall =
  /** `event` is the reply as an observation, not yet stored. */
  | { readonly type: "reply"; readonly reply: ModelReply; readonly event: NewEvent }
  /** The provider refused the request as too long; `end` is how the turn ends when nothing can be compacted. */
  | { readonly type: "too_long"; readonly end: TurnEnd }
  | { readonly type: "ended"; readonly end: TurnEnd };

export async function* callModel(view: View, deps: TurnDeps, signal: AbortSignal): TurnPart<ModelCall> {
  const { agent, model, now } = deps;
  const startedAt = now();
  try {
    const request = view.prompt.request(agent);
    const usageOf = contextUsage(view.prompt, agent, model);
    const replying = model.reply(request, signal);
    let next = await replying.next();
    while (!next.done) {
      yield progressOutput(next.value);
      next = await replying.next();
    }
    const reply = { ...next.value, parts: withUniqueCallIds(next.value.parts) };
    const event = replyEvent(reply, model.name, now() - startedAt, usageOf(reply.usage.input));
    return { type: "reply", reply, event };
  } catch (error) {
    if (signal.aborted) return interrupted;
    const { end } = endWithError(error);
    const isTooLong = end.type === "halted" && end.code === "model_context_too_long";
    return { type: isTooLong ? "too_long" : "ended", end };
  }
}

function progressOutput(progress: ModelProgress): TurnOutput {
  switch (progress.type) {
    case "delta":
      return { type: "delta", delta: progress.delta };
    case "switch":
      return storeEvents(observation("environment", "status", progress.message, { code: progress.code }));
    case "retry": {
      const { code, attempt, waitMs, message } = progress;
      return storeEvents(observation("environment", "status", message, { code, attempt, wait_ms: Math.round(waitMs) }));
    }
  }
}

function replyEvent(reply: ModelReply, model: string, durationMs: number, context: ContextUse): NewEvent {
  return observation("agent", "reply", replyText(reply.parts), {
    model: reply.model ?? model,
    parts: [...reply.parts],
    finish_reason: reply.finishReason,
    usage: reply.usage,
    cost_usd: reply.costUsd,
    duration_ms: durationMs,
    first_token_ms: reply.firstTokenMs,
    context,
  });
}

/**
 * Some models give two calls of one reply the same id. The later ones get a prefix, so that each call has its own
 * result and the next request is one that a provider accepts. A prefix and not a suffix, because long ids are cut off
 * at the end.
 */
function withUniqueCallIds(parts: readonly ReplyPart[]): ReplyPart[] {
  const taken = new Set<string>();
  return parts.map((part) => {
    if (part.type !== "call") return part;
    let { id } = part;
    for (let copy = 2; taken.has(id); copy += 1) id = `${copy}_${part.id}`;
    taken.add(id);
    return id === part.id ? part : { ...part, id };
  });
}

/** The text of a reply. When the reply has calls, it becomes the thought of the first one. */
export function replyText(parts: readonly ReplyPart[]): string {
  return parts
    .filter((part) => part.type === "text")
    .map((part) => part.text)
    .join("");
}
