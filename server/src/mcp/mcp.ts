/** MCP servers as conversations see them. */
import type { McpReport, McpServer, McpServerState, ServerTool, Settings } from "@deckhand/protocol";
import type { Outcome } from "../tools/tool.ts";

/** Servers that a conversation brings along, in addition to the user's own. */
export type ConversationServers = NonNullable<Settings["mcp"]>;

export interface McpOffer {
  readonly tools: readonly ServerTool[];
  /** Sentences about the servers whose tools are missing. */
  readonly warnings: readonly string[];
}

export interface ServerCall {
  readonly server: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export interface Mcp {
  /**
   * The tools a conversation can use. Waits for servers that start for the first time, each for at most its start-up time. A configured
   * server that is unavailable keeps its `known` tools: calling one returns the error. Rejects only with the signal's reason.
   */
  offer(own: ConversationServers | undefined, known: readonly ServerTool[], signal: AbortSignal): Promise<McpOffer>;
  /** Fails with `mcp_unavailable`, `mcp_timeout`, `mcp_failed`, and with the signal's reason. */
  call(own: ConversationServers | undefined, call: ServerCall, signal: AbortSignal): Promise<Outcome<"call_tool">>;
  /** The user trusts the server, and it says that the tool changes nothing. */
  isReadOnly(own: ConversationServers | undefined, server: string, tool: string): boolean;
}

/** What HTTP routes may do. */
export interface McpApi {
  states(): readonly McpServerState[];
  /** Completes a login and returns the name of the server. Fails with `bad_args`, `mcp_failed`. */
  login(state: string, code: string): Promise<string>;
  /** Starts the server, lists its tools, and stops it. */
  check(server: McpServer, signal: AbortSignal): Promise<McpReport>;
}
