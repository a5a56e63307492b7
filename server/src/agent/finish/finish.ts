/**
 * The agent's last word, with what can be known of it: which commands show its claims, and what has changed. A claim that nothing shows is
 * sent back once in a turn; then it is taken as it is, and marked.
 */
import { action, errorObservation, type NewAction, type NewEvent, type WorkspaceChanges } from "@deckhand/protocol";
import type { View } from "../turn-types.ts";
import { checkClaim } from "./evidence.ts";

/** The workspace is looked at once more; a large one is not waited for. */
export const changesTimeoutMs = 5000;

/** What is stored for a `finish`: itself, completed, or what is wrong with it. */
export function finishEvent(
  { args, tool_call: origin = { reply: -1, id: "" } }: NewAction<"finish">,
  { prompt, state }: View,
  changes: WorkspaceChanges | undefined,
): NewEvent {
  const { outputs, thought, checks = [] } = args;
  const checked = checks.map((each) => checkClaim(each, prompt.progress, state));
  const wrong = checked.flatMap(({ why }) => (why === "" ? [] : [why]));
  if (wrong.length > 0 && !prompt.progress.finishRejected) {
    return errorObservation("agent", "claim_not_shown", `${wrong.join("\n")}\n${whatNow}`, { tool_call: origin });
  }
  const evidence = checked.map((each) => each.evidence);
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

const whatNow =
  "Run what is missing (a claim counts when its command exits with 0 and no file changes after it), then call finish again; or claim less.";
