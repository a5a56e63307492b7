/**
 * Compaction: what the model reads is made shorter before it is too long for it. First long outputs from before are left out; where
 * that is not enough, a summary that the model writes takes the place of everything but the last steps. Both are events, so
 * that the prompt stays a fold of the log, and the log keeps the originals.
 *
 *   under 80 %            nothing
 *   outputs free 25 %     `compact` with `mask`
 *   else                  `compact` with `summary`
 *
 * A model that says by itself that it is too much is made room for in the same way. After two summaries without a reply in
 * between it is given up.
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

/** Shares of what the model can read. */
const full = 0.8;
const worthMasking = 0.25;
/** Kept as it is behind a summary: less each time that it was not enough. */
const tails = [0.3, 0.1] as const;

/** Before a request. Does nothing where it is not known how much the model can read. */
export async function* compactIfNeeded(view: View, deps: TurnDeps, signal: AbortSignal): TurnPart {
  const limit = deps.model.contextTokens ?? null;
  let now = view;
  while (limit !== null && now.prompt.tokens > limit * full && now.prompt.summaries === 0) {
    const flow = yield* compact(now, deps, limit, signal);
    if (flow.type === "ended") return flow;
    now = flow.view;
  }
  return continueWith(now);
}

/** After the model has refused a request as too long; the refusal is the end of the turn when nothing more can be done. */
export async function* compactAfterOverflow(
  refused: TurnEnd,
  view: View,
  deps: TurnDeps,
  signal: AbortSignal,
): TurnPart {
  if (!view.prompt.hasReplies || view.prompt.summaries >= tails.length) return { type: "ended", end: refused };
  // It is less than was sent, whatever we were told.
  const sent = view.prompt.tokens;
  const limit = Math.min(deps.model.contextTokens ?? Number.POSITIVE_INFINITY, sent * full);
  return yield* compact(view, deps, limit, signal);
}

async function* compact(view: View, deps: TurnDeps, limitTokens: number, signal: AbortSignal): TurnPart {
  const { prompt } = view;
  const tail = tails[prompt.summaries] ?? 0;
  const room = prompt.chars(limitTokens);
  const to = prompt.lastIdBeforeTail(room * tail);
  // Where even the last step is too much, it is summarised as well.
  const upTo = to === -1 ? view.state.head : to;
  if (to !== -1 && prompt.prunableChars(to) >= room * worthMasking) {
    return continueWith(yield storeEvents(action("agent", "compact", { from: 0, to, how: "prune", summary: "" })));
  }
  yield storeEvents(
    observation("environment", "status", "The conversation is summarised, to make room.", { code: "compaction" }),
  );
  try {
    const written = await writeSummary({ prompt, deps, upTo, roomChars: room }, signal);
    const event = action("agent", "compact", { from: 0, to: upTo, how: "summary", ...written });
    return continueWith(yield storeEvents(event));
  } catch (error) {
    return signal.aborted ? interrupted : endWithError(error);
  }
}
