/** Asks the model for its next reply; what it streams and what goes wrong on the way is shown. */
import { observation, type ContextUse, type NewEvent } from "@deckhand/protocol";
import type { ModelReply } from "../llm/model.ts";
import { replyText, withUniqueCallIds } from "./execution/prepare.ts";
import { contextUsage } from "./context/context-usage.ts";
import { failedEnd, type TurnOutput, type TurnDeps, type TurnEnd, type View } from "./turn-types.ts";

export async function* ask(
  view: View,
  deps: TurnDeps,
  signal: AbortSignal,
): AsyncGenerator<TurnOutput, TurnEnd | { reply: ModelReply; replied: NewEvent }, View> {
  const startedAt = deps.now();
  try {
    const request = view.prompt.request(deps.agent);
    const measured = contextUsage(view.prompt, deps.agent, deps.model);
    const replying = deps.model.reply(request, signal);
    let step = await replying.next();
    while (!step.done) {
      const progress = step.value;
      if (progress.type === "delta") {
        yield { type: "delta", delta: progress.delta };
      } else if (progress.type === "switch") {
        const { code, message } = progress;
        yield { type: "events", events: () => [observation("environment", "status", message, { code })] };
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
    const reply = { ...step.value, parts: withUniqueCallIds(step.value.parts) };
    const replied = replyEvent(reply, deps.model.name, deps.now() - startedAt, measured(reply.usage.input));
    return { reply, replied };
  } catch (error) {
    if (signal.aborted) return { state: null };
    return failedEnd(error);
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
