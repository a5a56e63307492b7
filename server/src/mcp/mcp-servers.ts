/**
 * All MCP servers: those in the user's settings, which run as long as they are configured, and those that conversations bring along,
 * which are stopped after a while without use. Two conversations that name the same server share one.
 */
import { isDeepStrictEqual } from "node:util";
import {
  DeckhandError,
  type McpReport,
  type McpServer,
  type McpServerState,
  type ServerTool,
} from "@deckhand/protocol";
import type { Outcome } from "../tools/tool.ts";
import { ManagedServer, type OpenServer } from "./managed-server.ts";
import type { ConversationServers, Mcp, McpOffer, ServerCall } from "./mcp.ts";
import { mergeToolLists } from "./tool-list.ts";

export interface McpServersOptions {
  /** The servers in the user's settings, by name. */
  readonly configured: () => Readonly<Record<string, McpServer>>;
  /** Loads the MCP client on first use: most installations have no MCP server. */
  readonly open: OpenServer;
  /** Where a person has to log in first; undefined if no login is pending. */
  readonly loginUrl: (name: string, server: McpServer) => string | undefined;
  /** Completes a login and returns the name of the server. */
  readonly finishLogin: (state: string, code: string) => Promise<string>;
  readonly outcome: (server: string, name: string, result: unknown) => Promise<Outcome<"call_tool">>;
  readonly log: (line: string) => void;
  readonly firstRetryMs?: number;
  readonly idleMs?: number;
}

/** For all conversations together. */
const maxConversationServers = 50;
const idleMs = 600_000;

export class McpServers implements Mcp, AsyncDisposable {
  readonly #options: McpServersOptions;
  readonly #configured = new Map<string, ManagedServer>();
  readonly #ofConversations = new Map<string, ManagedServer>();
  readonly #ending = new Set<Promise<void>>();
  readonly #sweep: NodeJS.Timeout;
  #closed = false;

  constructor(options: McpServersOptions) {
    this.#options = options;
    const idle = options.idleMs ?? idleMs;
    this.#sweep = setInterval(() => this.#endIdle(idle), idle / 2).unref();
    this.update();
  }

  /** To be called when the settings have changed. */
  update(): void {
    if (this.#closed) return;
    const wanted = this.#options.configured();
    for (const [name, current] of this.#configured) {
      if (isDeepStrictEqual(wanted[name], current.server)) continue;
      this.#configured.delete(name);
      this.#end(current);
    }
    for (const [name, server] of Object.entries(wanted)) {
      if (this.#configured.has(name)) continue;
      this.#configured.set(
        name,
        this.#manage(name, server, () => this.#options.loginUrl(name, server)),
      );
    }
  }

  states(): readonly McpServerState[] {
    return [...this.#configured.values()].map(({ view }) => view);
  }

  async offer(
    own: ConversationServers | undefined,
    known: readonly ServerTool[],
    signal: AbortSignal,
  ): Promise<McpOffer> {
    const servers = this.#serversFor(own);
    await Promise.all(servers.map((server) => server.waitUntilSettled(signal)));
    const warnings: string[] = [];
    const lists = servers.map((server) => {
      const { name, failure, view } = server;
      if (failure === undefined) {
        if (view.excluded > 0) warnings.push(`${view.excluded} tools of the MCP server ${name} cannot be used.`);
        return { server: name, tools: server.tools };
      }
      if (view.state !== "off") warnings.push(`The MCP server ${name} is unavailable: ${failure.message}`);
      const before = known.filter((tool) => tool.server === name && view.state !== "off");
      return { server: name, tools: before.map((tool) => ({ ...tool, readOnly: false })) };
    });
    const { tools, excluded } = mergeToolLists(lists);
    if (excluded > 0) warnings.push(`${excluded} MCP tools were left out because the tool list is too long.`);
    return { tools, warnings };
  }

  async call(
    own: ConversationServers | undefined,
    { server: name, name: tool, arguments: args }: ServerCall,
    signal: AbortSignal,
  ): Promise<Outcome<"call_tool">> {
    const server = this.#serversFor(own).find((each) => each.name === name);
    if (server === undefined) throw new DeckhandError("mcp_unavailable", `Unknown MCP server: ${name}.`);
    return await this.#options.outcome(name, tool, await server.call(tool, args, signal));
  }

  isReadOnly(own: ConversationServers | undefined, name: string, tool: string): boolean {
    return (
      this.#serversFor(own)
        .find((each) => each.name === name)
        ?.isReadOnly(tool) ?? false
    );
  }

  async login(state: string, code: string): Promise<string> {
    const name = await this.#options.finishLogin(state, code);
    this.#configured.get(name)?.retryNow();
    return name;
  }

  async check(server: McpServer, signal: AbortSignal): Promise<McpReport> {
    const startedAt = performance.now();
    const report = (ok: boolean, sentence: string, tools: McpReport["tools"] = []): McpReport => ({
      ok,
      sentence,
      tools,
      duration_ms: Math.round(performance.now() - startedAt),
    });
    try {
      const session = await this.#options.open({ server, onGone: () => {}, onTools: () => {} }, signal);
      const { tools, excluded } = session.tools;
      await session.close();
      const more = excluded === 0 ? "" : ` ${excluded} more cannot be used.`;
      const views = tools.map(({ tool, description, readOnly }) => ({ name: tool, description, read_only: readOnly }));
      return report(true, `Connected: ${tools.length} tools.${more}`, views);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof DeckhandError) return report(false, error.message);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearInterval(this.#sweep);
    for (const server of this.#configured.values()) this.#end(server);
    for (const server of this.#ofConversations.values()) this.#end(server);
    this.#configured.clear();
    this.#ofConversations.clear();
    await Promise.all(this.#ending);
  }

  /** Names in the user's settings take precedence: a conversation cannot replace one of the user's servers. */
  #serversFor(own: ConversationServers = {}): readonly ManagedServer[] {
    const named = Object.entries(own).filter(([name]) => !this.#configured.has(name));
    return [...this.#configured.values(), ...named.map(([name, server]) => this.#ofConversation(name, server))];
  }

  #ofConversation(name: string, server: ConversationServers[string]): ManagedServer {
    const key = JSON.stringify([name, server]);
    const known = this.#ofConversations.get(key);
    if (known !== undefined) return known;
    if (this.#ofConversations.size >= maxConversationServers) this.#dropLongestIdle();
    const started = this.#manage(name, server);
    this.#ofConversations.set(key, started);
    return started;
  }

  #dropLongestIdle(): void {
    const [longest] = [...this.#ofConversations].toSorted(([, a], [, b]) => b.idleMs - a.idleMs);
    if (longest === undefined) return;
    const [key, server] = longest;
    this.#ofConversations.delete(key);
    this.#end(server);
  }

  #endIdle(maxIdleMs: number): void {
    for (const [key, server] of this.#ofConversations) {
      if (server.idleMs < maxIdleMs) continue;
      this.#ofConversations.delete(key);
      this.#end(server);
    }
  }

  #manage(name: string, server: McpServer, loginUrl?: () => string | undefined): ManagedServer {
    const { open, log, firstRetryMs } = this.#options;
    const retry = firstRetryMs === undefined ? {} : { firstRetryMs };
    return new ManagedServer({
      name,
      server,
      open,
      log: (line) => log(`MCP server ${name}: ${line}`),
      loginUrl,
      ...retry,
    });
  }

  #end(server: ManagedServer): void {
    const ending = server[Symbol.asyncDispose]().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}
