/**
 * Work on a task with nobody there: what each state means for the one who waits. Pure, so that every way out is a test.
 *
 *   finished -> 0   rejected, error -> 1   stopped, paused (limit or not) -> 3   waits for an approval -> 4
 *   waits for an answer -> told twice that nobody is there, then 4
 */
import type { AgentState, ConversationState } from "@deckhand/protocol";
import { exitCodes, type ExitCode } from "../exit-codes.ts";

export const nudge =
  "Nobody is here to answer. Go on by yourself and call finish when the task is done, or reject it with the reason.";
const mostNudges = 2;

export type Verdict =
  | { readonly type: "goes_on" }
  | { readonly type: "nudge" }
  | { readonly type: "ends"; readonly code: ExitCode; readonly say: string };

/** `changedTo` is the state that an event has just told; `state` is the fold up to it. */
export function verdictOn(changedTo: AgentState, state: ConversationState, nudges: number): Verdict {
  switch (changedTo) {
    case "loading":
    case "init":
    case "running":
    case "user_confirmed":
    case "user_rejected":
      return { type: "goes_on" };
    case "finished":
      return ends(exitCodes.finished, "");
    case "rejected":
      return ends(exitCodes.failed, "The agent rejected the task.");
    case "error":
      return ends(exitCodes.failed, "The work ended with an error.");
    case "stopped":
      return ends(exitCodes.stopped, "The work was stopped.");
    case "paused":
      return ends(
        exitCodes.stopped,
        state.atLimit === null
          ? `The work is paused. ${state.reason || "Somebody paused it."}`
          : `The limit on ${state.atLimit.slice("limit_".length)} is reached.`,
      );
    case "awaiting_user_confirmation":
      return ends(exitCodes.waiting, "An action waits for an approval, and nobody is here to give it.");
    case "awaiting_user_input":
      return nudges < mostNudges
        ? { type: "nudge" }
        : ends(exitCodes.waiting, "The agent waits for an answer, and nobody is here to give it.");
  }
}

function ends(code: ExitCode, say: string): Verdict {
  return { type: "ends", code, say };
}
