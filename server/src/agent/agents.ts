/** The agents that a conversation can name: a prompt, tools, and for the scripted one a model of its own. */
import { z } from "zod";
import { actionArgs, type ActionKind } from "@deckhand/protocol";
import type { Model, ToolSpec } from "../llm/model.ts";
import { finishTool } from "../tools/finish.ts";
import { rejectTool } from "../tools/reject.ts";
import { thinkTool } from "../tools/think.ts";
import type { SpokenTool, Tool } from "../tools/tool.ts";
import { dummyModel } from "./dummy.ts";
import { systemPrompt } from "./system-prompt.ts";

export interface Agent {
  readonly name: string;
  /** The system prompt: the same bytes in every request of a conversation. */
  readonly prompt: string;
  readonly toolNames: readonly ActionKind[];
  readonly specs: readonly ToolSpec[];
  /** Length of the prompt and of the specs as they are sent. */
  readonly chars: number;
  /** It is told what the workspace says to agents. */
  readonly readsWorkspace: boolean;
  /** How runnable actions run. */
  readonly tools: ReadonlyMap<ActionKind, Tool>;
  /** Replies in place of the configured model. */
  readonly model?: Model;
}

export const defaultAgent = "CodeActAgent";

/** Makes the agent of that name for a workspace; undefined for a name that nobody has. */
export type AgentFinder = (name: string, workspace: string) => Agent | undefined;

const codeActTools: readonly ActionKind[] = [
  "run",
  "job",
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

const spoken: ReadonlyMap<ActionKind, SpokenTool> = new Map(
  [thinkTool, finishTool, rejectTool].map((tool) => [tool.action, tool as SpokenTool]),
);

const dummyTools: readonly ActionKind[] = ["add_task", "modify_task", "message", "run", "write", "read", "reject"];

export function agentFinder(tools: ReadonlyMap<ActionKind, Tool>): AgentFinder {
  const codeActSpecs = codeActTools.map((name) => specOf(tools.get(name) ?? spoken.get(name)));
  const codeActChars = JSON.stringify(codeActSpecs).length;
  const makers: Record<string, (workspace: string) => Agent> = {
    CodeActAgent: (workspace) => {
      const prompt = systemPrompt(workspace);
      return {
        name: "CodeActAgent",
        prompt,
        toolNames: codeActTools,
        specs: codeActSpecs,
        chars: prompt.length + codeActChars,
        readsWorkspace: true,
        tools,
      };
    },
    DummyAgent: () => ({
      name: "DummyAgent",
      prompt: "",
      toolNames: dummyTools,
      specs: [],
      chars: 0,
      readsWorkspace: false,
      tools,
      model: dummyModel,
    }),
  };
  return (name, workspace) => (Object.hasOwn(makers, name) ? makers[name]?.(workspace) : undefined);
}

export const agentNames = ["CodeActAgent", "DummyAgent"] as const;

function specOf(tool: Tool | SpokenTool | undefined): ToolSpec {
  if (tool === undefined) throw new Error("an agent names a tool that nobody has described");
  const { action, description, offers } = tool;
  return { name: action, description, parameters: parametersOf(action, offers) };
}

/** The JSON Schema of the arguments that the model is told of. */
function parametersOf(name: ActionKind, offers: readonly string[]): Record<string, unknown> {
  const json = z.toJSONSchema(actionArgs[name], { io: "input" });
  const properties = Object.fromEntries(offers.map((offer) => [offer, json.properties?.[offer] ?? {}]));
  const required = (json.required ?? []).filter((field) => offers.includes(field));
  return { type: "object", properties, required, additionalProperties: false };
}
