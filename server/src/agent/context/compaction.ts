/**
 * Compaction: the prompt is made shorter before it exceeds the model's context window. First long outputs are pruned;
 * where that is not enough, a summary written by the model replaces everything but the last steps. Both are events, so
 * the prompt stays a fold of the log, and the log keeps the originals.
 *
 *   below 80 % of the window          nothing
 *   pruning frees 25 % of it          `compact` with `prune`
 *   otherwise                         `compact` with `summary`
 *
 * The same happens when the provider rejects a request as too long. After two summaries without a reply in between, the
 * turn ends with that error.
 */
import { action, observation } from "@deckhand/protocol";
import {
  continueWith,
  endWithError,
  interrupted,
  storeEvents,
  type TurnDeps,
  type TurnEnd,
  type TurnPart,
  type View,
} from "../turn-types.ts";
import { writeSummary } from "./summary.ts";

/** Shares of the context window. */
const fullShare = 0.8;
const worthPruningShare = 0.25;
/** The tail that is kept verbatim after a summary; smaller when the first summary was not enough. */
const tailShares = [0.3, 0.1] as const;

/** Before a request. Does nothing when the size of the context window is unknown. */
export async function* compactIfNeeded(first: View, deps: TurnDeps, signal: AbortSignal): TurnPart {
  const limit = deps.model.contextTokens ?? null;
  let view = first;
  while (limit !== null && view.prompt.tokens > limit * fullShare && view.prompt.summaries === 0) {
    const flow = yield* compact(view, deps, limit, signal);
    if (flow.type === "ended") return flow;
    view = flow.view;
  }
  return continueWith(view);
}

/** After the provider rejected a request as too long. `rejection` ends the turn when nothing more can be removed. */
export async function* compactAfterOverflow(
  rejection: TurnEnd,
  view: View,
  deps: TurnDeps,
  signal: AbortSignal,
): TurnPart {
  const { prompt } = view;
  if (!prompt.hasReplies || prompt.summaries >= tailShares.length) return { type: "ended", end: rejection };
  // Whatever the configured size is, the real one is smaller than what was sent.
  const limit = Math.min(deps.model.contextTokens ?? Number.POSITIVE_INFINITY, prompt.tokens * fullShare);
  return yield* compact(view, deps, limit, signal);
}

async function* compact(view: View, deps: TurnDeps, limitTokens: number, signal: AbortSignal): TurnPart {
  const { prompt } = view;
  const contextChars = prompt.chars(limitTokens);
  const to = prompt.lastIdBeforeTail(contextChars * (tailShares[prompt.summaries] ?? 0));
  if (to !== -1 && prompt.prunableChars(to) >= contextChars * worthPruningShare) {
    return continueWith(yield storeEvents(action("agent", "compact", { from: 0, to, how: "prune", summary: "" })));
  }
  // When even the last step is too long, it is summarized as well.
  const upTo = to === -1 ? view.state.head : to;
  const message = "Summarizing the conversation to free up context.";
  yield storeEvents(observation("environment", "status", message, { code: "compaction" }));
  try {
    const written = await writeSummary({ prompt, deps, upTo, contextChars }, signal);
    const event = action("agent", "compact", { from: 0, to: upTo, how: "summary", ...written });
    return continueWith(yield storeEvents(event));
  } catch (error) {
    return signal.aborted ? interrupted : endWithError(error);
  }
}
