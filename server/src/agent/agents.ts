/** The agents a conversation can run: a system prompt, tools and, for the scripted one, its own model. */
import type { ActionKind, ServerTool } from "@deckhand/protocol";
import type { Model, ToolSpec } from "../llm/model.ts";
import { finishTool, rejectTool, thinkTool } from "../tools/log-only.ts";
import type { LogOnlyTool, Tool } from "../tools/tool.ts";
import type { Definition } from "./definitions/definition.ts";
import { builtInDefinitions } from "./definitions/load.ts";
import { dummyModel } from "./dummy-model.ts";
import { serverToolSpec, toolSpec } from "./tool-specs.ts";

export interface Agent {
  readonly name: string;
  /** The system prompt: the same bytes in every request of a conversation. */
  readonly prompt: string;
  readonly toolNames: readonly ActionKind[];
  readonly toolSpecs: readonly ToolSpec[];
  /** Length of the system prompt and the tool specs as sent. */
  readonly promptChars: number;
  /** Whether it is given the workspace's instructions. */
  readonly readsInstructions: boolean;
  /** The tools that run its actions. */
  readonly tools: ReadonlyMap<ActionKind, Tool>;
  /** Tools of MCP servers, by the names the model knows. */
  readonly serverTools?: ReadonlyMap<string, ServerTool>;
  /** Replaces the configured model. */
  readonly model?: Model;
  /** The tools, model, limits and approval policy of its definition. */
  readonly definition?: Pick<Definition, "tools" | "model" | "limits" | "approval">;
}

export interface AgentEntry {
  readonly name: string;
  readonly description: string;
}

export const defaultAgent = "CodeActAgent";

/** Creates the agent of that name for a workspace; undefined when the name is unknown. */
export type AgentFinder = (name: string, workspace: string) => Agent | undefined;

const logOnlyTools: ReadonlyMap<ActionKind, LogOnlyTool> = new Map(
  [thinkTool, finishTool, rejectTool].map((tool) => [tool.action, tool as LogOnlyTool]),
);

const dummyTools: readonly ActionKind[] = ["add_task", "modify_task", "message", "run", "write", "read", "reject"];

export function createAgentFinder(
  tools: ReadonlyMap<ActionKind, Tool>,
  definitions: readonly Definition[] = builtInDefinitions,
): AgentFinder {
  const makers = new Map<string, (workspace: string) => Agent>([["DummyAgent", () => dummyAgent(tools)]]);
  for (const definition of definitions) makers.set(definition.name, agentFactory(definition, tools));
  return (name, workspace) => makers.get(name)?.(workspace);
}

/** The agents the `delegate` tool offers. */
export function delegateTargets(definitions: readonly Definition[] = builtInDefinitions): readonly AgentEntry[] {
  return definitions.map(({ name, description }) => ({ name, description }));
}

/** Sorted by name. */
export function listAgents(definitions: readonly Definition[] = builtInDefinitions): readonly AgentEntry[] {
  const dummy = {
    name: "DummyAgent",
    description: "Runs the same scripted steps for any task. For testing clients.",
  };
  return [...delegateTargets(definitions), dummy].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The agent with the tools of MCP servers, which are functions called `server__tool` and run as `call_tool`. They come
 * after the agent's own tools, whose bytes are the same with and without them.
 */
export function withServerTools(agent: Agent, tools: readonly ServerTool[], callTool: Tool<"call_tool">): Agent {
  const specs = tools.map(serverToolSpec);
  return {
    ...agent,
    toolSpecs: [...agent.toolSpecs, ...specs],
    promptChars: agent.promptChars + (specs.length === 0 ? 0 : JSON.stringify(specs).length),
    serverTools: new Map(tools.map((tool) => [tool.name, tool])),
    tools: new Map([...agent.tools, ["call_tool", callTool as unknown as Tool]]),
  };
}

function agentFactory(definition: Definition, tools: ReadonlyMap<ActionKind, Tool>): (workspace: string) => Agent {
  // A definition may name tools that are not installed.
  const named = definition.tools.filter((name) => tools.has(name) || logOnlyTools.has(name));
  const toolNames: readonly ActionKind[] = [...named, "finish", "reject"];
  const toolSpecs = toolNames.flatMap((name) => {
    const tool = tools.get(name) ?? logOnlyTools.get(name);
    return tool === undefined ? [] : [toolSpec(tool, definition.outputs)];
  });
  const specChars = JSON.stringify(toolSpecs).length;
  return (workspace) => {
    const prompt = systemPrompt(definition, workspace);
    return {
      name: definition.name,
      prompt,
      toolNames,
      toolSpecs,
      promptChars: prompt.length + specChars,
      readsInstructions: true,
      tools,
      definition,
    };
  };
}

/**
 * The agent's own text first, which is the same everywhere, then where it works. No clock and no state, so that
 * requests can be cached.
 */
function systemPrompt({ prompt, tools }: Definition, workspace: string): string {
  const shell = tools.includes("run") ? ", where your shell starts" : "";
  return `${prompt}\n\nThe workspace is ${workspace}${shell}.`;
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
