/** The first events of a subagent, and the text of its task. */
import {
  action,
  stateChange,
  type ActionArgs,
  type ConversationState,
  type NewEvent,
  type ParentLink,
  type Settings,
} from "@deckhand/protocol";
import type { Agent } from "../../agent/agents.ts";
import type { Resume } from "../recovery/recovery.ts";

/** Levels of subagents below a conversation: a subagent's subagent is the last. */
export const maxDepth = 2;

export function parentOf(id: string, { parent }: ConversationState, delegate: number): ParentLink {
  return { conversation: id, action: delegate, root: parent?.root ?? id, depth: (parent?.depth ?? 0) + 1 };
}

/**
 * A subagent inherits its parent's workspace, approval settings, and model, unless its definition names a model. It does not
 * inherit the parent's limits: those are checked before each of its steps, for the parent as a whole.
 */
export function spawnEvents(parent: ConversationState, link: ParentLink, agent: Agent): readonly NewEvent[] {
  const dropped = agent.definition?.model === undefined ? notInherited : [...notInherited, ...modelSettings];
  const settings = Object.fromEntries(
    Object.entries(parent.settings).filter(([name]) => !dropped.includes(name as keyof Settings)),
  );
  return [
    action("environment", "initialize", { ...settings, agent_cls: agent.name, parent: link }),
    stateChange("loading"),
    stateChange("init"),
  ];
}

const notInherited: readonly (keyof Settings)[] = [
  "agent_cls",
  "max_steps",
  "max_cost_usd",
  "max_seconds",
  "max_tokens",
];
const modelSettings: readonly (keyof Settings)[] = ["model", "base_url", "reasoning_effort"];

/** The task, followed by each input under its name. */
export function taskText({ task, inputs }: Pick<ActionArgs<"delegate">, "task" | "inputs">): string {
  const given = Object.entries(inputs).map(
    ([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return [task, ...given].filter((part) => part !== "").join("\n\n");
}

/** At the deepest level the tool is not offered. */
export function withoutDelegateAtMaxDepth(agent: Agent, { parent }: ConversationState): Agent {
  if ((parent?.depth ?? 0) < maxDepth || !agent.toolNames.includes("delegate")) return agent;
  const specs = agent.toolSpecs.filter(({ name }) => name !== "delegate");
  const chars = agent.promptChars - JSON.stringify(agent.toolSpecs).length + JSON.stringify(specs).length;
  return {
    ...agent,
    toolSpecs: specs,
    promptChars: chars,
    toolNames: agent.toolNames.filter((name) => name !== "delegate"),
  };
}

/** A subagent never resumes by itself: after a restart nothing waits for it. */
export function resumeOf({ parent }: ConversationState, configured: Resume): Resume {
  return parent === null ? configured : "ask";
}
