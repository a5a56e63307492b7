/** What the agent claims when it finishes, and what its commands showed. */
import { z } from "zod";

/** As the model states it; `command` is the command line exactly as it was last run. */
export const claimedCheck = z.object({ claim: z.string().min(1).max(1000), command: z.string().min(1).max(10_000) });
export type ClaimedCheck = z.infer<typeof claimedCheck>;

/**
 * `shown`: the command exited with 0 and no file is known to have changed since. `failed`: it exited otherwise.
 * `stale`: files changed after it ran. `missing`: no such command was run, or it is still running.
 */
export const verdicts = ["shown", "failed", "stale", "missing"] as const;
export type Verdict = (typeof verdicts)[number];

export const evidence = claimedCheck.extend({
  verdict: z.enum(verdicts),
  /** Id of the observation with the command's exit code. */
  event: z.int().optional(),
  exit_code: z.int().optional(),
});
export type Evidence = z.infer<typeof evidence>;

/** Files changed since the turn began. */
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
