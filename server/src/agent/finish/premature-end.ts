/**
 * Whether a model that ends in text, without a call, has stopped in the middle of its task. Most such texts are answers, so only what is plain
 * counts: it has done something in this turn, it asks nothing, and its own plan has tasks that are not done, or it says what it does next. It
 * is told twice in a turn; then its text is its end.
 */
import { observation, type NewEvent } from "@deckhand/protocol";
import type { TurnProgress } from "./turn-progress.ts";

const mostNudges = 2;

export function endedPrematurely(text: string, ledger: TurnProgress): boolean {
  if (ledger.firstAction === null || ledger.nudges >= mostNudges || asks(text)) return false;
  return ledger.openTasks > 0 || announces(text);
}

export function continueNudge(ledger: TurnProgress): NewEvent {
  const why = ledger.openTasks > 0 ? "tasks of your plan are not done" : "you say what you do next";
  return observation(
    "environment",
    "nudge",
    `(A note of the server, not of the user.) You ended without a call, but ${why}. Go on with the next call. When all is done call finish; if you need the user, ask a question.`,
    { reason: "unfinished" },
  );
}

/** Somewhere in its last lines it asks or offers something. */
function asks(text: string): boolean {
  return /[?？]/.test(text.trimEnd().split("\n").slice(-6).join("\n"));
}

/** Its last sentence is about what comes next. */
function announces(text: string): boolean {
  const last = text
    .trim()
    .split(/(?<=[.!:])\s+|\n+/)
    .at(-1);
  if (last === undefined) return false;
  const next =
    /^(now,? |next,? |then,? |first,? |so,? |ok(ay)?,? )*(let me|let's|i'll|i will|i am going to|i'm going to|i need to)\b/i;
  return last.endsWith(":") || next.test(last.replaceAll("’", "'"));
}
