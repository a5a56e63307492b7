/** Each claim beside the command that is to show it: what became of that, and in words for the model. */
import type { ClaimedCheck, ConversationState, Evidence, Verdict } from "@deckhand/protocol";
import type { TurnProgress, CommandRun } from "./turn-progress.ts";

export interface Checked {
  readonly evidence: Evidence;
  /** What is wrong with it; empty where it is shown. */
  readonly why: string;
}

export function checkClaim(
  claimed: ClaimedCheck,
  ledger: TurnProgress,
  { fileChanges: files }: Pick<ConversationState, "fileChanges">,
): Checked {
  const { claim, command } = claimed;
  const ran = ledger.lastRun(command);
  const verdict = verdictOf(ran, files.changedAt);
  const ended = ran === undefined || ran.isRunning ? {} : { event: ran.event, exit_code: ran.exitCode };
  return {
    evidence: { claim, command, verdict, ...ended },
    why: verdict === "shown" ? "" : `"${claim}": ${sentence(verdict, command, ran, ledger)}`,
  };
}

function verdictOf(ran: CommandRun | undefined, changedAt: number): Verdict {
  if (ran === undefined || ran.isRunning) return "missing";
  if (ran.exitCode !== 0) return "failed";
  return ran.event < changedAt ? "stale" : "shown";
}

function sentence(verdict: Verdict, command: string, ran: CommandRun | undefined, ledger: TurnProgress): string {
  switch (verdict) {
    case "failed":
      return `\`${command}\` exited with ${ran?.exitCode ?? -1}.`;
    case "stale":
      return `files changed after \`${command}\` was run.`;
    default: {
      if (ran !== undefined) return `\`${command}\` has not ended.`;
      const like = ledger.similarRun(command);
      return `\`${command}\` was not run${like === undefined ? "" : ` like this; there was \`${like.command.slice(0, 300)}\``}.`;
    }
  }
}
