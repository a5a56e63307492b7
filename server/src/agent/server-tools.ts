/** The tools of MCP servers, for an agent and its model: functions called `server__tool`, done as `call_tool`. */
import type { ServerTool } from "@deckhand/protocol";
import type { ToolSpec } from "../llm/model.ts";
import type { Tool } from "../tools/tool.ts";
import type { Agent } from "./agents.ts";

/** The same agent, who has them too; behind its own, so that those are the same bytes with and without. */
export function withServerTools(agent: Agent, tools: readonly ServerTool[], callTool: Tool<"call_tool">): Agent {
  const specs = tools.map(specOf);
  return {
    ...agent,
    toolSpecs: [...agent.toolSpecs, ...specs],
    promptChars: agent.promptChars + (specs.length === 0 ? 0 : JSON.stringify(specs).length),
    serverTools: new Map(tools.map((tool) => [tool.name, tool])),
    tools: new Map([...agent.tools, ["call_tool", callTool as unknown as Tool]]),
  };
}

/** Whose words these are is said with each: a description is a place where orders can hide. */
function specOf({ name, server, description, parameters }: ServerTool): ToolSpec {
  const said = description === "" ? "It says nothing about itself." : description;
  return { name, description: `${said}\n(A tool of the MCP server ${server}, in its words.)`, parameters };
}
