/** Wires what talks to MCP servers. The SDK is loaded at the first need. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DeckhandError, type McpServer } from "@deckhand/protocol";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import type { Program, Programs } from "../programs/program.ts";
import type { Logins } from "./login.ts";
import { McpServers } from "./mcp-servers.ts";

export interface OpenServersOptions {
  readonly set: () => Readonly<Record<string, McpServer>>;
  readonly programs: Programs;
  /** Of what they keep: programs without a folder of their own begin here. */
  readonly home: string;
  /** Where people come back to from a login; known when the server listens. */
  readonly callback: () => Promise<string>;
  readonly log: (line: string) => void;
  readonly firstWaitMs?: number;
  readonly idleMs?: number;
}

/** Where a browser on this machine comes back to; elsewhere a person brings the address along. */
export function loginAddress(listening: string): string {
  const url = new URL("/mcp-login", listening);
  if (url.hostname === "0.0.0.0" || url.hostname === "[::]") url.hostname = "127.0.0.1";
  return url.href;
}

export function openMcpServers({ set, programs, home, log, callback, ...waits }: OpenServersOptions): McpServers {
  const folder = join(home, "mcp");
  let logins: Logins | undefined;
  const loadLogins = async (): Promise<Logins> => {
    const { Logins: Made } = await import("./login.ts");
    return (logins ??= new Made({ folder, callback }));
  };
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
    async open({ name, ...options }, signal) {
      const { openSession, loginSentence } = await import("./session.ts");
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const { server } = options;
      // A person has time to log in; another question would make the first one worthless.
      const mayLogIn = "url" in server && name !== undefined;
      if (mayLogIn && logins?.urlFor(name, server) !== undefined) {
        throw new DeckhandError("mcp_unavailable", loginSentence);
      }
      const login = mayLogIn ? await (await loadLogins()).provider(name, server) : undefined;
      return await openSession({ ...options, start, log, login }, signal);
    },
    loginUrl: (name, server) => ("url" in server ? logins?.urlFor(name, server) : undefined),
    finishLogin: async (state, code) => (await loadLogins()).finish(state, code),
    async outcome(server, name, result) {
      const { outcomeOf } = await import("./result.ts");
      return outcomeOf(server, name, result as CallToolResult);
    },
  });
}
