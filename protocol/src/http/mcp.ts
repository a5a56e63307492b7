/** MCP servers: how they are configured, and what `GET /api/mcp` reports. */
import { z } from "zod";
import { httpUrl, mcpServerName } from "../wire/mcp.ts";

const name = z.string().min(1).max(200);
const seconds = z.number().positive();
const stringMap = z.record(z.string().min(1).max(200), z.string().max(8192));

const commonFields = {
  /** False keeps the entry but does not start the server. */
  enabled: z.boolean().optional(),
  /** Offer only these tools; all of them when missing. */
  tools: z.array(name).max(200).optional(),
  /** Trust the server's tool annotations: tools that it calls read-only need no approval. */
  trust_hints: z.boolean().optional(),
  /** Time limit for starting. */
  start_seconds: seconds.max(600).optional(),
  /** Time limit for one call. */
  call_seconds: seconds.max(3600).optional(),
};

/** A program on the server's machine, outside the sandbox. */
const mcpCommand = z.strictObject({
  command: z.string().min(1).max(4096),
  args: z.array(z.string().max(8192)).max(100).optional(),
  /** Added to the few variables that it inherits from the server. */
  env: stringMap.optional(),
  /** An absolute path; by default an empty folder. */
  cwd: z.string().startsWith("/").max(4096).optional(),
  ...commonFields,
});

/** A server reached over Streamable HTTP. */
export const mcpAddress = z.strictObject({
  url: httpUrl,
  headers: stringMap.optional(),
  ...commonFields,
});
export const mcpServer = z.union([mcpCommand, mcpAddress]);
export type McpServer = z.infer<typeof mcpServer>;
export type McpCommand = z.infer<typeof mcpCommand>;
export type McpAddress = z.infer<typeof mcpAddress>;

/** At most 20: every tool takes up space in each request to the model. */
export const mcpServers = z
  .record(mcpServerName, mcpServer)
  .refine((servers) => Object.keys(servers).length <= 20, "at most 20 servers");

/** The current state of an MCP server. */
export interface McpServerState {
  readonly name: string;
  readonly kind: "program" | "address";
  /**
   * `waiting`: it failed and will be retried. `login`: a person has to log in at `login_url`. `off`: it is disabled.
   */
  readonly state: "starting" | "ready" | "waiting" | "login" | "off";
  /** Why it is unavailable; empty when it is available. */
  readonly reason: string;
  readonly login_url?: string;
  readonly tools: readonly McpToolView[];
  /** Number of tools not offered: too many, too large, or without a usable parameter schema. */
  readonly excluded: number;
}

export interface McpToolView {
  readonly name: string;
  readonly description: string;
  /** The server's own claim. */
  readonly read_only: boolean;
}

/** The result of testing an MCP server. */
export interface McpReport {
  readonly ok: boolean;
  readonly sentence: string;
  readonly tools: readonly McpToolView[];
  readonly duration_ms: number;
}
