/** MCP: the servers that a conversation adds, and the tools that a model is offered. */
import { z } from "zod";

const name = z.string().min(1).max(200);

/** An http or https URL without credentials. */
export const httpUrl = z
  .url({ protocol: /^https?$/, error: "must be an http or https URL" })
  .max(2048)
  .refine((url) => {
    const { username = "", password = "" } = URL.parse(url) ?? {};
    return username === "" && password === "";
  }, "must not contain credentials");

export const mcpServerName = z
  .string()
  .regex(
    /^[a-zA-Z][a-zA-Z0-9-]{0,30}$/,
    "must be letters, digits and hyphens, start with a letter, and be at most 31 long",
  );

/**
 * MCP servers of a conversation. They are part of its log, so they carry no secrets and their hints are not trusted.
 */
export const conversationMcpServers = z
  .record(mcpServerName, z.strictObject({ url: httpUrl, tools: z.array(name).max(200).optional() }))
  .refine((servers) => Object.keys(servers).length <= 10, "at most 10 servers");

/** A tool of an MCP server, as the model sees it. */
export const serverTool = z.object({
  /** The name that the model calls: `server__tool`, in characters that every provider accepts. */
  name: z.string(),
  server: z.string(),
  /** The name that the server gave it. */
  tool: z.string(),
  description: z.string(),
  /** JSON Schema of the arguments. */
  parameters: z.record(z.string(), z.unknown()),
});
export type ServerTool = z.infer<typeof serverTool>;
