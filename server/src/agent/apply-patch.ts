/**
 * Some models are trained to change files by one tool, `apply_patch`. They are offered that in place of `edit`; whoever calls it is
 * understood, and it becomes an `edit` with a patch.
 */
import type { PendingCall } from "@deckhand/protocol";
import type { ToolSpec } from "../llm/model.ts";
import { patchPaths } from "../tools/patch/parse.ts";
import type { Agent } from "./agents.ts";

/** By the names under which they are offered, whatever provider stands in front. */
const trained = /(^|[/:.])(gpt-5|codex)|-codex/i;

const spec: ToolSpec = {
  name: "apply_patch",
  description: `Change files: all of the patch or nothing; a diff comes back.
*** Begin Patch
*** Update File: path (then maybe "*** Move to: path")
@@ a line above the place, where it is needed to find it
 a line that stays (3 around a change)
-a line that goes
+a line that comes
*** Add File: path (each line with +)
*** Delete File: path
*** End Patch`,
  parameters: {
    type: "object",
    properties: { input: { type: "string" } },
    required: ["input"],
    additionalProperties: false,
  },
};

/** The agent with the tools that the model was trained on. */
export function withTrainedTools(agent: Agent, modelName: string): Agent {
  if (!trained.test(modelName) || !agent.toolSpecs.some(({ name }) => name === "edit")) return agent;
  const specs = agent.toolSpecs.map((each) => (each.name === "edit" ? spec : each));
  const chars = agent.promptChars - JSON.stringify(agent.toolSpecs).length + JSON.stringify(specs).length;
  return { ...agent, toolSpecs: specs, promptChars: chars };
}

/** The call as an `edit`, where it is a patch. */
export function normalizePatchCall(call: PendingCall): PendingCall {
  if (call.name !== "apply_patch" && call.name !== "edit") return call;
  const patch = patchIn(call);
  if (patch === undefined) return call;
  const [path = "patch"] = patchPaths(patch);
  return { ...call, name: "edit", arguments: JSON.stringify({ path, old_str: "", new_str: "", patch }) };
}

/** As an argument, by one of the names that models give it, or in place of all arguments. */
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
