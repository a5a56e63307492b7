/** The agents that a conversation can name: a prompt, tools, and for the scripted one a model of its own. */
import { z } from "zod";
import { actionArgs, type ActionKind } from "@deckhand/protocol";
import type { Model, ToolSpec } from "../llm/model.ts";
import type { Tool } from "../tools/tool.ts";
import { dummyModel } from "./dummy.ts";
import { systemPrompt } from "./system-prompt.ts";

export interface Agent {
  readonly name: string;
  /** The system prompt: the same bytes in every request of a conversation. */
  readonly prompt: string;
  readonly toolNames: readonly ActionKind[];
  readonly specs: readonly ToolSpec[];
  /** How runnable actions run. */
  readonly tools: ReadonlyMap<ActionKind, Tool>;
  /** Replies in place of the configured model. */
  readonly model?: Model;
}

export const defaultAgent = "CodeActAgent";

/** Makes the agent of that name for a workspace; undefined for a name that nobody has. */
export type AgentFinder = (name: string, workspace: string) => Agent | undefined;

/** The tools that do not run: their call is noted, or ends the turn. */
const spoken: Partial<Record<ActionKind, { description: string; offers: readonly string[] }>> = {
  think: {
    description: "Write down a thought that helps you to work. Nothing happens and nothing comes back.",
    offers: ["thought"],
  },
  finish: {
    description:
      "End the work: the task is done, or as far as it can be. `thought` tells the user in a few sentences what was done and how it was checked.",
    offers: ["thought"],
  },
  reject: {
    description: 'Give the task back: it cannot or should not be done. `outputs` is {"reason": why, in a sentence}.',
    offers: ["outputs"],
  },
};

const codeActTools: readonly ActionKind[] = [
  "run",
  "read",
  "write",
  "edit",
  "search",
  "browse",
  "think",
  "plan",
  "finish",
  "reject",
];

const dummyTools: readonly ActionKind[] = ["add_task", "modify_task", "message", "run", "write", "read", "reject"];

export function agentFinder(tools: ReadonlyMap<ActionKind, Tool>): AgentFinder {
  const codeActSpecs = specsOf(codeActTools, tools);
  const makers: Record<string, (workspace: string) => Agent> = {
    CodeActAgent: (workspace) => ({
      name: "CodeActAgent",
      prompt: systemPrompt(workspace),
      toolNames: codeActTools,
      specs: codeActSpecs,
      tools,
    }),
    DummyAgent: () => ({
      name: "DummyAgent",
      prompt: "",
      toolNames: dummyTools,
      specs: [],
      tools,
      model: dummyModel,
    }),
  };
  return (name, workspace) => (Object.hasOwn(makers, name) ? makers[name]?.(workspace) : undefined);
}

export const agentNames = ["CodeActAgent", "DummyAgent"] as const;

function specsOf(names: readonly ActionKind[], tools: ReadonlyMap<ActionKind, Tool>): ToolSpec[] {
  return names.map((name) => {
    const tool = tools.get(name) ?? spoken[name];
    if (tool === undefined) throw new Error(`no tool is described for ${name}`);
    return { name, description: tool.description, parameters: parametersOf(name, tool.offers) };
  });
}

/** The JSON Schema of the arguments that the model is told of. */
function parametersOf(name: ActionKind, offers: readonly string[]): Record<string, unknown> {
  const json = z.toJSONSchema(actionArgs[name], { io: "input" });
  const properties = Object.fromEntries(offers.map((offer) => [offer, json.properties?.[offer] ?? {}]));
  const required = (json.required ?? []).filter((field) => offers.includes(field));
  return { type: "object", properties, required, additionalProperties: false };
}
