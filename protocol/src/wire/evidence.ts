/** What the agent claims at its end, and what a command showed of it. */
import { z } from "zod";
import type { ConversationState } from "../state/state.ts";

/** As the model gives it: the command as it ran it last. */
export const claimedCheck = z.object({ claim: z.string().min(1).max(1000), command: z.string().min(1).max(10_000) });
export type ClaimedCheck = z.infer<typeof claimedCheck>;

/**
 * `shown`: the command ended with 0, and no file is known to have changed since. `failed`: it ended otherwise. `stale`: files were changed
 * after it. `missing`: no such command was run, or it goes on.
 */
export const verdicts = ["shown", "failed", "stale", "missing"] as const;
export type Verdict = (typeof verdicts)[number];

export const evidence = claimedCheck.extend({
  verdict: z.enum(verdicts),
  /** Id of the observation that ended the command. */
  event: z.int().optional(),
  exit_code: z.int().optional(),
});
export type Evidence = z.infer<typeof evidence>;

/** What is another than it was when the turn's work began. */
export const workspaceChanges = z.object({
  /** The first hundred. */
  files: z.array(
    z.object({ status: z.string(), path: z.string(), added_lines: z.int().min(0), deleted_lines: z.int().min(0) }),
  ),
  changed_files: z.int().min(0),
  added_lines: z.int().min(0),
  deleted_lines: z.int().min(0),
});
export type WorkspaceChanges = z.infer<typeof workspaceChanges>;

/** What the evidence of a `finish` is worth by now: what was shown is stale when files have changed since. */
export function verdictNow(
  { verdict, event = -1 }: Evidence,
  { fileChanges: files }: Pick<ConversationState, "fileChanges">,
): Verdict {
  return verdict === "shown" && event < files.changedAt ? "stale" : verdict;
}
