/** Compares a claim with the last run of the command that is supposed to show it. */
import type { ClaimedCheck, ConversationState, Evidence, Verdict } from "@deckhand/protocol";
import type { CommandRun, TurnProgress } from "./turn-progress.ts";

export interface CheckedClaim {
  readonly evidence: Evidence;
  /** For the model; empty when the claim is backed. */
  readonly problem: string;
}

export function checkClaim(
  { claim, command }: ClaimedCheck,
  progress: TurnProgress,
  { fileChanges }: Pick<ConversationState, "fileChanges">,
): CheckedClaim {
  const run = progress.lastRun(command);
  const verdict = verdictOf(run, fileChanges.changedAt);
  const result = run === undefined || run.isRunning ? {} : { event: run.event, exit_code: run.exitCode };
  return {
    evidence: { claim, command, verdict, ...result },
    problem: verdict === "shown" ? "" : `"${claim}": ${problemWith(verdict, command, run, progress)}`,
  };
}

function verdictOf(run: CommandRun | undefined, changedAt: number): Verdict {
  if (run === undefined || run.isRunning) return "missing";
  if (run.exitCode !== 0) return "failed";
  return run.event < changedAt ? "stale" : "shown";
}

function problemWith(verdict: Verdict, command: string, run: CommandRun | undefined, progress: TurnProgress): string {
  switch (verdict) {
    case "failed":
      return `\`${command}\` exited with ${run?.exitCode ?? -1}.`;
    case "stale":
      return `files changed after \`${command}\` ran.`;
    default: {
      if (run !== undefined) return `\`${command}\` is still running.`;
      const similar = progress.similarRun(command);
      const hint = similar === undefined ? "" : `; the closest command was \`${similar.command.slice(0, 300)}\``;
      return `\`${command}\` was not run${hint}.`;
    }
  }
}
