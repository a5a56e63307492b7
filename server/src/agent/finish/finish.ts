/**
 * The agent's `finish`, completed with what the server knows: which commands back its claims, and what changed in the
 * workspace. A claim that no command backs is rejected once per turn; the second time it is accepted and marked.
 */
import { action, errorObservation, type NewAction, type NewEvent, type WorkspaceChanges } from "@deckhand/protocol";
import type { View } from "../turn-types.ts";
import { checkClaim } from "./evidence.ts";

/** How long a last checkpoint may take; a finish does not wait for a huge workspace. */
export const changesTimeoutMs = 5000;

/** What is stored for a `finish`: the completed action, or an error that says which claims are not backed. */
export function finishEvent(
  { args, tool_call: origin = { reply: -1, id: "" } }: NewAction<"finish">,
  { prompt, state }: View,
  changes: WorkspaceChanges | undefined,
): NewEvent {
  const { outputs, thought, checks = [] } = args;
  const checked = checks.map((claimed) => checkClaim(claimed, prompt.progress, state));
  const problems = checked.flatMap(({ problem }) => (problem === "" ? [] : [problem]));
  if (problems.length > 0 && !prompt.progress.finishRejected) {
    const message = `${problems.join("\n")}\n${advice}`;
    return errorObservation("agent", "claim_not_shown", message, { tool_call: origin });
  }
  const evidence = checked.map((claim) => claim.evidence);
  return action(
    "agent",
    "finish",
    {
      outputs,
      thought,
      ...(evidence.length === 0 ? {} : { evidence }),
      ...(changes === undefined ? {} : { changes }),
    },
    { tool_call: origin },
  );
}

const advice =
  "Run the missing commands (a claim counts when its command exited with 0 and no file changed after it), then call finish again; or claim less.";
