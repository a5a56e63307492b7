/**
 * The tools of MCP servers, in one conversation. What the model is told of them stands in the log, so that its requests go on
 * with the same bytes after a restart, and when a server comes, goes or changes its list. They are looked at anew when another
 * beginning costs nothing: before the first reply, after a summary, and after somebody has set something (`initialize`).
 */
import { isDeepStrictEqual } from "node:util";
import {
  isAction,
  observation,
  type ConversationState,
  type Event,
  type NewEvent,
  type ServerTool,
} from "@deckhand/protocol";
import { withServerTools, type Agent } from "../../agent/agents.ts";
import { callTool } from "../../mcp/call-tool.ts";
import type { Mcp } from "../../mcp/mcp.ts";
import type { Tool } from "../../tools/tool.ts";

interface ServerToolsDeps {
  readonly mcp: Mcp;
  /** In place of our own; in a replay. */
  readonly tool: Tool<"call_tool"> | undefined;
  readonly state: () => ConversationState;
  readonly read: (after: number, limit: number) => Promise<readonly Event[]>;
  readonly append: (events: readonly NewEvent[]) => Promise<unknown>;
}

export class McpTools {
  readonly #deps: ServerToolsDeps;
  /** For the agent and for whoever else asks. */
  readonly tool: Tool<"call_tool">;

  constructor(deps: ServerToolsDeps) {
    this.#deps = deps;
    this.tool = deps.tool ?? callTool(deps.mcp, () => deps.state().settings);
  }

  /** The agent with the tools that the log tells of, which are taken first where that is due. */
  async equip(agent: Agent, signal: AbortSignal): Promise<Agent> {
    if (agent.definition?.tools.includes("call_tool") !== true) return agent;
    const known = await this.#known();
    if (!this.#deps.state().toolsStale) return withServerTools(agent, known, this.tool);
    try {
      return withServerTools(agent, await this.#take(known, signal), this.tool);
    } catch (error) {
      // The turn is over before it has begun.
      if (signal.aborted) return agent;
      throw error;
    }
  }

  async #take(known: readonly ServerTool[], signal: AbortSignal): Promise<readonly ServerTool[]> {
    const { mcp, state, append } = this.#deps;
    const { tools, warnings } = await mcp.offer(state().settings.mcp, known, signal);
    const events: NewEvent[] = warnings.map((warning) =>
      observation("environment", "status", warning, { code: "mcp" }),
    );
    if (!isDeepStrictEqual(tools, known))
      events.push(observation("environment", "tools", told(tools), { tools: [...tools] }));
    if (events.length > 0) await append(events);
    return tools;
  }

  async #known(): Promise<readonly ServerTool[]> {
    const { tools: at } = this.#deps.state();
    if (at === null) return [];
    const [event] = await this.#deps.read(at - 1, 1);
    return event !== undefined && !isAction(event) && event.observation === "tools" ? event.extras.tools : [];
  }
}

function told(tools: readonly ServerTool[]): string {
  const servers = [...new Set(tools.map(({ server }) => server))];
  return tools.length === 0
    ? "The model has no tools of MCP servers any more."
    : `The model is told of ${tools.length} tools of ${servers.join(", ")}.`;
}
