/**
 * Some models are trained to edit files with one tool, `apply_patch`. They are offered it instead of `edit`. A call of
 * it by any model becomes an `edit` with a patch.
 */
import type { PendingCall } from "@deckhand/protocol";
import type { ToolSpec } from "../llm/model.ts";
import { patchPaths } from "../tools/patch/parse.ts";
import type { Agent } from "./agents.ts";

/** With any provider prefix. */
const trainedModels = /(^|[/:.])(gpt-5|codex)|-codex/i;

const applyPatchSpec: ToolSpec = {
  name: "apply_patch",
  description: `Edit files. The patch is applied completely or not at all; returns a diff.
*** Begin Patch
*** Update File: path (optionally followed by "*** Move to: path")
@@ a line above the change, if needed to locate it
 unchanged line (3 before and after a change)
-removed line
+added line
*** Add File: path (every line starts with +)
*** Delete File: path
*** End Patch`,
  parameters: {
    type: "object",
    properties: { input: { type: "string" } },
    required: ["input"],
    additionalProperties: false,
  },
};

/** The agent with the tools the model was trained on. */
export function withTrainedTools(agent: Agent, modelName: string): Agent {
  if (!trainedModels.test(modelName) || !agent.toolSpecs.some(({ name }) => name === "edit")) return agent;
  const specs = agent.toolSpecs.map((each) => (each.name === "edit" ? applyPatchSpec : each));
  const chars = agent.promptChars - JSON.stringify(agent.toolSpecs).length + JSON.stringify(specs).length;
  return { ...agent, toolSpecs: specs, promptChars: chars };
}

/** The call as an `edit` if it is a patch. */
export function normalizePatchCall(call: PendingCall): PendingCall {
  if (call.name !== "apply_patch" && call.name !== "edit") return call;
  const patch = patchIn(call);
  if (patch === undefined) return call;
  const [path = "patch"] = patchPaths(patch);
  return { ...call, name: "edit", arguments: JSON.stringify({ path, old_str: "", new_str: "", patch }) };
}

/** In an argument, under one of the names models use, or in place of the arguments. */
function patchIn({ name, arguments: text }: PendingCall): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return name === "apply_patch" || text.includes("*** Begin Patch") ? text : undefined;
  }
  if (typeof value === "string") return value;
  const { patch, input } = (value ?? {}) as { patch?: unknown; input?: unknown };
  return [patch, input].find((each) => typeof each === "string");
}
