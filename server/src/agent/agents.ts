/** The agents that a conversation can name: a prompt, tools, and for the scripted one a model of its own. */
import { z } from "zod";
import { actionArgs, type ActionKind, type ServerTool } from "@deckhand/protocol";
import type { Model, ToolSpec } from "../llm/model.ts";
import { finishTool } from "../tools/finish.ts";
import { rejectTool } from "../tools/reject.ts";
import { thinkTool } from "../tools/think.ts";
import type { SpokenTool, Tool } from "../tools/tool.ts";
import type { Definition } from "./definitions/definition.ts";
import { builtInDefinitions } from "./definitions/load.ts";
import { dummyModel } from "./dummy-model.ts";
import { systemPrompt } from "./system-prompt.ts";

export interface Agent {
  readonly name: string;
  /** The system prompt: the same bytes in every request of a conversation. */
  readonly prompt: string;
  readonly toolNames: readonly ActionKind[];
  readonly toolSpecs: readonly ToolSpec[];
  /** Length of the prompt and of the specs as they are sent. */
  readonly promptChars: number;
  /** It is told what the workspace says to agents. */
  readonly readsInstructions: boolean;
  /** How runnable actions run. */
  readonly tools: ReadonlyMap<ActionKind, Tool>;
  /** Tools of MCP servers, by the names that the model knows. */
  readonly serverTools?: ReadonlyMap<string, ServerTool>;
  /** Replies in place of the configured model. */
  readonly model?: Model;
  /** What its definition says of tools, model, limits and approvals. */
  readonly definition?: Pick<Definition, "tools" | "model" | "limits" | "approval">;
}

/** As a list shows it. */
export interface AgentEntry {
  readonly name: string;
  readonly description: string;
}

export const defaultAgent = "CodeActAgent";

/** Makes the agent of that name for a workspace; undefined for a name that nobody has. */
export type AgentFinder = (name: string, workspace: string) => Agent | undefined;

const spoken: ReadonlyMap<ActionKind, SpokenTool> = new Map(
  [thinkTool, finishTool, rejectTool].map((tool) => [tool.action, tool as SpokenTool]),
);

const dummyTools: readonly ActionKind[] = ["add_task", "modify_task", "message", "run", "write", "read", "reject"];

export function createAgentFinder(
  tools: ReadonlyMap<ActionKind, Tool>,
  definitions: readonly Definition[] = builtInDefinitions,
): AgentFinder {
  const makers = new Map<string, (workspace: string) => Agent>([["DummyAgent", () => dummyAgent(tools)]]);
  for (const definition of definitions) makers.set(definition.name, defined(definition, tools));
  return (name, workspace) => makers.get(name)?.(workspace);
}

/** Those that can be asked to do something, as the model is told of them. */
export function delegateTargets(definitions: readonly Definition[] = builtInDefinitions): readonly AgentEntry[] {
  return definitions.map(({ name, description }) => ({ name, description }));
}

/** By name. */
export function listAgents(definitions: readonly Definition[] = builtInDefinitions): readonly AgentEntry[] {
  const dummy = {
    name: "DummyAgent",
    description: "Plays the same steps whatever it is asked; for trying clients out.",
  };
  return [...delegateTargets(definitions), dummy].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function defined(definition: Definition, tools: ReadonlyMap<ActionKind, Tool>): (workspace: string) => Agent {
  // What is named and not there yet is not offered.
  const named = definition.tools.filter((name) => tools.has(name) || spoken.has(name));
  const toolNames: readonly ActionKind[] = [...named, "finish", "reject"];
  const specs = toolNames.map((name) => specOf(tools.get(name) ?? spoken.get(name), definition));
  const specChars = JSON.stringify(specs).length;
  return (workspace) => {
    const prompt = systemPrompt(definition, workspace);
    return {
      name: definition.name,
      prompt,
      toolNames,
      toolSpecs: specs,
      promptChars: prompt.length + specChars,
      readsInstructions: true,
      tools,
      definition: definition,
    };
  };
}

function dummyAgent(tools: ReadonlyMap<ActionKind, Tool>): Agent {
  return {
    name: "DummyAgent",
    prompt: "",
    toolNames: dummyTools,
    toolSpecs: [],
    promptChars: 0,
    readsInstructions: false,
    tools,
    model: dummyModel,
  };
}

function specOf(tool: Tool | SpokenTool | undefined, { outputs }: Definition): ToolSpec {
  if (tool === undefined) throw new Error("an agent names a tool that nobody has described");
  const { action, description, offers } = tool;
  const parameters = parametersOf(action, offers);
  if (action === "finish" && Object.keys(outputs).length > 0) addOutputs(parameters, outputs);
  return { name: action, description, parameters };
}

interface Parameters {
  readonly type: "object";
  readonly properties: Record<string, unknown>;
  readonly required: string[];
  readonly additionalProperties: false;
}

/** The JSON Schema of the arguments that the model is told of. */
function parametersOf(name: ActionKind, offers: readonly string[]): Parameters & Record<string, unknown> {
  const json = z.toJSONSchema(actionArgs[name], { io: "input" });
  const properties = Object.fromEntries(offers.map((offer) => [offer, unbounded(json.properties?.[offer] ?? {})]));
  const required = (json.required ?? []).filter((field) => offers.includes(field));
  return { type: "object", properties, required, additionalProperties: false };
}

/** Bounds cost tokens and help no model: what does not fit is answered with what to send. */
const bounds = ["minLength", "maxLength", "maxItems", "minimum", "maximum", "exclusiveMinimum", "propertyNames"];

function unbounded(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema, (key, value: unknown) => (bounds.includes(key) ? undefined : value)));
}

/** What the agent is to give back, by name. */
function addOutputs({ properties, required }: Parameters, outputs: Definition["outputs"]): void {
  const types = Object.entries(outputs).map(([name, type]) => [
    name,
    type === "list" ? { type: "array", items: { type: "string" } } : { type },
  ]);
  properties["outputs"] = {
    type: "object",
    properties: Object.fromEntries(types) as Record<string, unknown>,
    required: Object.keys(outputs),
  };
  required.push("outputs");
}
