/**
 * Whether a model that replies with text and no tool call has stopped in the middle of its task. Most such texts are
 * answers, so only clear cases count: the agent has done something in this turn, the text asks nothing, and the plan
 * has unfinished tasks or the text announces a next step. The model is nudged twice per turn; after that, its text ends
 * the turn.
 */
import { observation, type NewEvent } from "@deckhand/protocol";
import { systemNote } from "../context/notes.ts";
import type { TurnProgress } from "./turn-progress.ts";

const maxNudges = 2;

export function endedPrematurely(text: string, progress: TurnProgress): boolean {
  if (progress.firstAction === null || progress.nudges >= maxNudges || asksUser(text)) return false;
  return progress.openTasks > 0 || announcesNextStep(text);
}

export function continueNudge(progress: TurnProgress): NewEvent {
  const reason = progress.openTasks > 0 ? "your plan has unfinished tasks" : "you announced a next step";
  return observation(
    "environment",
    "nudge",
    `${systemNote} You stopped without a tool call, but ${reason}. Continue with the next tool call. When everything is done, call finish; if you need the user, ask a question.`,
    { reason: "unfinished" },
  );
}

/** A question or an offer somewhere in the last lines. */
function asksUser(text: string): boolean {
  return /[?？]/.test(text.trimEnd().split("\n").slice(-6).join("\n"));
}

function announcesNextStep(text: string): boolean {
  const lastSentence = text
    .trim()
    .split(/(?<=[.!:])\s+|\n+/)
    .at(-1);
  if (lastSentence === undefined) return false;
  const announcement =
    /^(now,? |next,? |then,? |first,? |so,? |ok(ay)?,? )*(let me|let's|i'll|i will|i am going to|i'm going to|i need to)\b/i;
  return lastSentence.endsWith(":") || announcement.test(lastSentence.replaceAll("’", "'"));
}
