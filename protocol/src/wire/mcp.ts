/** MCP servers as they are set, and as they are told: programs beside the server, or addresses. */
import { z } from "zod";

const name = z.string().min(1).max(200);
const seconds = z.number().positive();
export const address = z
  .url({ protocol: /^https?$/, error: "an http or https address is wanted" })
  .max(2048)
  .refine((url) => {
    const { username = "", password = "" } = URL.parse(url) ?? {};
    return username === "" && password === "";
  }, "a key does not belong into an address");

const words = z.record(z.string().min(1).max(200), z.string().max(8192));
const mcpServerName = z
  .string()
  .regex(/^[a-zA-Z][a-zA-Z0-9-]{0,30}$/, "a name is letters, digits and hyphens, 31 at most, a letter first");

const mcpServerCommon = {
  /** False: it is kept, and not used. */
  enabled: z.boolean().optional(),
  /** Only these of its tools; all without it. */
  tools: z.array(name).max(200).optional(),
  /** What it says of its tools is believed: those that it calls read-only are not asked about. */
  trust_hints: z.boolean().optional(),
  /** Until it has to be there. */
  start_seconds: seconds.max(600).optional(),
  /** Of one call. */
  call_seconds: seconds.max(3600).optional(),
};

/** A program on the server's machine, outside of the sandbox. */
const mcpCommand = z.strictObject({
  command: z.string().min(1).max(4096),
  args: z.array(z.string().max(8192)).max(100).optional(),
  /** Beside the few variables that it gets of the server's own environment. */
  env: words.optional(),
  /** Absolute; an empty folder of its own without it. */
  cwd: z.string().startsWith("/").max(4096).optional(),
  ...mcpServerCommon,
});

/** Streamable HTTP. */
export const mcpAddress = z.strictObject({
  url: address,
  headers: words.optional(),
  ...mcpServerCommon,
});
export const mcpServer = z.union([mcpCommand, mcpAddress]);
export type McpServer = z.infer<typeof mcpServer>;
export type McpCommand = z.infer<typeof mcpCommand>;
export type McpAddress = z.infer<typeof mcpAddress>;

/** More than these is no person's doing, and every tool costs room in each request. */
export const mcpServers = z
  .record(mcpServerName, mcpServer)
  .refine((servers) => Object.keys(servers).length <= 20, "no more than 20 servers");

/** Of a conversation, whose settings lie in its log: what is secret has no place there, and nobody is believed. */
export const conversationMcpServers = z
  .record(mcpServerName, z.strictObject({ url: address, tools: z.array(name).max(200).optional() }))
  .refine((servers) => Object.keys(servers).length <= 10, "no more than 10 servers");

/** A tool of an MCP server, as the model is told of it. */
export const serverTool = z.object({
  /** By which the model calls it: `server__tool`, within what providers take for a name. */
  name: z.string(),
  server: z.string(),
  /** What the server calls it. */
  tool: z.string(),
  description: z.string(),
  /** JSON Schema of its arguments. */
  parameters: z.record(z.string(), z.unknown()),
});
export type ServerTool = z.infer<typeof serverTool>;

/** How an MCP server is. */
export interface McpServerState {
  readonly name: string;
  readonly kind: "program" | "address";
  /** `waiting`: it failed and is tried again. `login`: a person has to log in at `login_url`. `off`: it is not enabled. */
  readonly state: "starting" | "ready" | "waiting" | "login" | "off";
  /** Why it is not there; empty where it is. */
  readonly reason: string;
  readonly login_url?: string;
  readonly tools: readonly McpToolView[];
  /** Tools that are not offered: too many, too large, or without a usable description of their arguments. */
  readonly left_out: number;
}

export interface McpToolView {
  readonly name: string;
  readonly description: string;
  /** The server's own claim. */
  readonly read_only: boolean;
}

/** What came of trying an MCP server. */
export interface McpReport {
  readonly ok: boolean;
  readonly sentence: string;
  readonly tools: readonly McpToolView[];
  readonly duration_ms: number;
}
