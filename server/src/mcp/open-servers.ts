/** Wires the MCP client. The SDK is loaded on first use. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DeckhandError, type McpServer } from "@deckhand/protocol";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import type { Program, Programs } from "../programs/program.ts";
import type { Logins } from "./logins.ts";
import { McpServers } from "./mcp-servers.ts";

export interface OpenServersOptions {
  readonly configured: () => Readonly<Record<string, McpServer>>;
  readonly programs: Programs;
  /** DECKHAND_HOME. Programs without a `cwd` start in its `mcp` folder. */
  readonly home: string;
  /** The OAuth redirect address; known once the server listens. */
  readonly callback: () => Promise<string>;
  readonly log: (line: string) => void;
  readonly firstRetryMs?: number;
  readonly idleMs?: number;
}

/** The OAuth redirect address for a browser on this machine; from another machine, a person copies the address. */
export function loginAddress(listening: string): string {
  const url = new URL("/mcp-login", listening);
  if (url.hostname === "0.0.0.0" || url.hostname === "[::]") url.hostname = "127.0.0.1";
  return url.href;
}

export function openMcpServers({
  configured: set,
  programs,
  home,
  log,
  callback,
  ...timing
}: OpenServersOptions): McpServers {
  const folder = join(home, "mcp");
  let logins: Logins | undefined;
  const loadLogins = async (): Promise<Logins> => {
    const module = await import("./logins.ts");
    return (logins ??= new module.Logins({ folder, callback }));
  };
  const start = (server: Extract<McpServer, { command: string }>): Program =>
    programs.start({
      command: server.command,
      args: server.args ?? [],
      cwd: server.cwd ?? folder,
      env: server.env ?? {},
    });
  return new McpServers({
    configured: set,
    log,
    ...timing,
    async open({ name, ...options }, signal) {
      const { openSession, loginSentence } = await import("./session.ts");
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const { server } = options;
      // The pending login stays valid until the person has completed it; a new attempt would invalidate it.
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
