/**
 * What each agent state means for a task that runs unattended. Pure, so that every outcome can be tested.
 *
 *   finished -> 0   rejected, error -> 1   stopped, paused (at a limit or not) -> 3   waiting for an approval -> 4
 *   waiting for an answer -> the agent is told twice that nobody is there, then 4
 */
import type { AgentState, ConversationState } from "@deckhand/protocol";
import { exitCodes, type ExitCode } from "../exit-codes.ts";

export const nudge =
  "Nobody is here to answer. Continue on your own and call finish when the task is done, or reject it with a reason.";
const maxNudges = 2;

export type Verdict =
  | { readonly type: "continue" }
  | { readonly type: "nudge" }
  | { readonly type: "end"; readonly code: ExitCode; readonly reason: string };

/** `changedTo` is the agent state that the latest event reports; `state` is the fold up to that event. */
export function verdictOn(changedTo: AgentState, state: ConversationState, nudges: number): Verdict {
  switch (changedTo) {
    case "loading":
    case "init":
    case "running":
    case "user_confirmed":
    case "user_rejected":
      return { type: "continue" };
    case "finished":
      return end(exitCodes.finished, "");
    case "rejected":
      return end(exitCodes.failed, "The agent rejected the task.");
    case "error":
      return end(exitCodes.failed, "The work failed with an error.");
    case "stopped":
      return end(exitCodes.stopped, "The work was stopped.");
    case "paused":
      return end(
        exitCodes.stopped,
        state.atLimit === null
          ? `The work was paused. ${state.reason || "Somebody paused it."}`
          : `The limit on ${state.atLimit.slice("limit_".length)} was reached.`,
      );
    case "awaiting_user_confirmation":
      return end(exitCodes.waiting, "An action needs approval, and nobody is here to give it.");
    case "awaiting_user_input":
      return nudges < maxNudges
        ? { type: "nudge" }
        : end(exitCodes.waiting, "The agent is waiting for an answer, and nobody is here to give it.");
  }
}

function end(code: ExitCode, reason: string): Verdict {
  return { type: "end", code, reason };
}
