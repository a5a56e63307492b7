/** Each claim beside the command that is to show it: what became of that, and in words for the model. */
import type { ClaimedCheck, ConversationState, Evidence, Verdict } from "@deckhand/protocol";
import type { Ledger, Ran } from "./ledger.ts";

export interface Checked {
  readonly evidence: Evidence;
  /** What is wrong with it; empty where it is shown. */
  readonly why: string;
}

export function check(
  claimed: ClaimedCheck,
  ledger: Ledger,
  { fileChanges: files }: Pick<ConversationState, "fileChanges">,
): Checked {
  const { claim, command } = claimed;
  const ran = ledger.ranLast(command);
  const verdict = verdictOf(ran, files.changedAt);
  const ended = ran === undefined || ran.runs ? {} : { event: ran.event, exit_code: ran.exitCode };
  return {
    evidence: { claim, command, verdict, ...ended },
    why: verdict === "shown" ? "" : `"${claim}": ${sentence(verdict, command, ran, ledger)}`,
  };
}

function verdictOf(ran: Ran | undefined, changedAt: number): Verdict {
  if (ran === undefined || ran.runs) return "missing";
  if (ran.exitCode !== 0) return "failed";
  return ran.event < changedAt ? "stale" : "shown";
}

function sentence(verdict: Verdict, command: string, ran: Ran | undefined, ledger: Ledger): string {
  switch (verdict) {
    case "failed":
      return `\`${command}\` exited with ${ran?.exitCode ?? -1}.`;
    case "stale":
      return `files changed after \`${command}\` was run.`;
    default: {
      if (ran !== undefined) return `\`${command}\` has not ended.`;
      const like = ledger.ranLike(command);
      return `\`${command}\` was not run${like === undefined ? "" : ` like this; there was \`${like.command.slice(0, 300)}\``}.`;
    }
  }
}
