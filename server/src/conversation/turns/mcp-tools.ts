/**
 * The tools of MCP servers in one conversation. The log records which tools the model was offered, so that its requests keep
 * the same prefix after a restart and when a server appears, disappears or changes its list. The list is refreshed when a new
 * prefix costs nothing: before the first reply, after a compaction, and after a change of settings (`initialize`).
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
  /** Replaces the built-in tool in a replay. */
  readonly tool: Tool<"call_tool"> | undefined;
  readonly state: () => ConversationState;
  readonly read: (after: number, limit: number) => Promise<readonly Event[]>;
  readonly append: (events: readonly NewEvent[]) => Promise<unknown>;
}

export class McpTools {
  readonly #deps: ServerToolsDeps;
  /** For the agent and for clients. */
  readonly tool: Tool<"call_tool">;

  constructor(deps: ServerToolsDeps) {
    this.#deps = deps;
    this.tool = deps.tool ?? callTool(deps.mcp, () => deps.state().settings);
  }

  /** The agent with the tools recorded in the log, which are refreshed first if they are stale. */
  async equip(agent: Agent, signal: AbortSignal): Promise<Agent> {
    if (agent.definition?.tools.includes("call_tool") !== true) return agent;
    const known = await this.#recorded();
    if (!this.#deps.state().toolsStale) return withServerTools(agent, known, this.tool);
    try {
      return withServerTools(agent, await this.#refresh(known, signal), this.tool);
    } catch (error) {
      // The turn was stopped before it began.
      if (signal.aborted) return agent;
      throw error;
    }
  }

  async #refresh(known: readonly ServerTool[], signal: AbortSignal): Promise<readonly ServerTool[]> {
    const { mcp, state, append } = this.#deps;
    const { tools, warnings } = await mcp.offer(state().settings.mcp, known, signal);
    const events: NewEvent[] = warnings.map((warning) =>
      observation("environment", "status", warning, { code: "mcp" }),
    );
    if (!isDeepStrictEqual(tools, known))
      events.push(observation("environment", "tools", sentenceOf(tools), { tools: [...tools] }));
    if (events.length > 0) await append(events);
    return tools;
  }

  async #recorded(): Promise<readonly ServerTool[]> {
    const { tools: at } = this.#deps.state();
    if (at === null) return [];
    const [event] = await this.#deps.read(at - 1, 1);
    return event !== undefined && !isAction(event) && event.observation === "tools" ? event.extras.tools : [];
  }
}

function sentenceOf(tools: readonly ServerTool[]): string {
  const servers = [...new Set(tools.map(({ server }) => server))];
  return tools.length === 0
    ? "The model no longer has tools of MCP servers."
    : `The model has ${tools.length} tools of ${servers.join(", ")}.`;
}
