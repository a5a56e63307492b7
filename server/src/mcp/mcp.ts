/** MCP servers as conversations see them. */
import type { McpReport, McpServer, McpServerState, ServerTool, Settings } from "@deckhand/protocol";
import type { Outcome } from "../tools/tool.ts";

/** Those that a conversation names, beside the user's own. */
export type ConversationServers = NonNullable<Settings["mcp"]>;

export interface Offer {
  readonly tools: readonly ServerTool[];
  /** Whose tools are not there, and why, as sentences. */
  readonly warnings: readonly string[];
}

export interface ServerCall {
  readonly server: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export interface Mcp {
  /**
   * What a conversation is offered. Waits for servers that start for the first time, no longer than each has time. Of one that is set and
   * is not there, the tools that were `known` stay: they answer that it is not there. Fails with the signal's reason alone.
   */
  offer(own: ConversationServers | undefined, known: readonly ServerTool[], signal: AbortSignal): Promise<Offer>;
  /** Fails with `mcp_unavailable`, `mcp_timeout`, `mcp_failed`, and with the signal's reason. */
  call(own: ConversationServers | undefined, call: ServerCall, signal: AbortSignal): Promise<Outcome<"call_tool">>;
  /** The server is one whose word the user trusts, and it says that the tool changes nothing. */
  isReadOnly(own: ConversationServers | undefined, server: string, tool: string): boolean;
}

/** What routes may do. */
export interface McpApi {
  states(): readonly McpServerState[];
  /** What somebody has brought back from a login; the name of the server. Fails with `bad_args`, `mcp_failed`. */
  login(state: string, code: string): Promise<string>;
  /** Starts it, lists its tools, and ends it. */
  check(server: McpServer, signal: AbortSignal): Promise<McpReport>;
}
