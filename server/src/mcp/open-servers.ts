/** Wires what talks to MCP servers. The SDK is loaded at the first need. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { McpServer } from "@deckhand/protocol";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import type { Program, Programs } from "../programs/program.ts";
import { McpServers } from "./mcp-servers.ts";

export interface OpenServersOptions {
  readonly set: () => Readonly<Record<string, McpServer>>;
  readonly programs: Programs;
  /** Of what they keep: programs without a folder of their own begin here. */
  readonly home: string;
  readonly log: (line: string) => void;
  readonly firstWaitMs?: number;
  readonly idleMs?: number;
}

export function openMcpServers({ set, programs, home, log, ...waits }: OpenServersOptions): McpServers {
  const folder = join(home, "mcp");
  const start = (server: Extract<McpServer, { command: string }>): Program =>
    programs.start({
      command: server.command,
      args: server.args ?? [],
      cwd: server.cwd ?? folder,
      env: server.env ?? {},
    });
  return new McpServers({
    set,
    log,
    ...waits,
    async open(options, signal) {
      const { openSession } = await import("./session.ts");
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return await openSession({ ...options, start, log }, signal);
    },
    async outcome(server, name, result) {
      const { outcomeOf } = await import("./result.ts");
      return outcomeOf(server, name, result as CallToolResult);
    },
  });
}
