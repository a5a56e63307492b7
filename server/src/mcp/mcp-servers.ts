/**
 * All MCP servers: those of the user's settings, which are there as long as they are set, and those that single conversations
 * name, which go when nobody has used them for a while. A server that is named twice in the same way is one.
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
import { KeptServer, type OpenServer } from "./kept-server.ts";
import type { ConversationServers, Mcp, Offer, ServerCall } from "./mcp.ts";
import { offered } from "./tool-list.ts";

export interface McpServersOptions {
  /** Those of the user's settings, by name. */
  readonly set: () => Readonly<Record<string, McpServer>>;
  /** Loads what talks to them at the first need: most servers have none. */
  readonly open: OpenServer;
  /** Where a person has to log in first. */
  readonly loginUrl: (name: string, server: McpServer) => string | undefined;
  /** The name of the server at which somebody has logged in. */
  readonly finishLogin: (state: string, code: string) => Promise<string>;
  readonly outcome: (server: string, name: string, result: unknown) => Promise<Outcome<"call_tool">>;
  readonly log: (line: string) => void;
  readonly firstWaitMs?: number;
  readonly idleMs?: number;
}

/** Of conversations, together. */
const mostOwn = 50;
const idleMs = 600_000;

export class McpServers implements Mcp, AsyncDisposable {
  readonly #options: McpServersOptions;
  readonly #set = new Map<string, KeptServer>();
  readonly #own = new Map<string, { readonly server: KeptServer; usedAt: number }>();
  readonly #ending = new Set<Promise<void>>();
  readonly #sweep: NodeJS.Timeout;
  #closed = false;

  constructor(options: McpServersOptions) {
    this.#options = options;
    const idle = options.idleMs ?? idleMs;
    this.#sweep = setInterval(() => this.#endIdle(idle), idle / 2).unref();
    this.update();
  }

  /** The settings are others now. */
  update(): void {
    if (this.#closed) return;
    const wanted = this.#options.set();
    for (const [name, kept] of this.#set) {
      if (isDeepStrictEqual(wanted[name], kept.server)) continue;
      this.#set.delete(name);
      this.#end(kept);
    }
    for (const [name, server] of Object.entries(wanted)) {
      if (this.#set.has(name)) continue;
      this.#set.set(
        name,
        this.#keep(name, server, () => this.#options.loginUrl(name, server)),
      );
    }
  }

  states(): readonly McpServerState[] {
    return [...this.#set.values()].map(({ view }) => view);
  }

  async offer(own: ConversationServers | undefined, known: readonly ServerTool[], signal: AbortSignal): Promise<Offer> {
    const servers = this.#of(own);
    await Promise.all(servers.map((server) => server.settled(signal)));
    const warnings: string[] = [];
    const lists = servers.map((server) => {
      const { name, failure, view } = server;
      if (failure === undefined) {
        if (view.excluded > 0) warnings.push(`${view.excluded} tools of the MCP server ${name} are left out.`);
        return { server: name, tools: server.tools };
      }
      if (view.state !== "off") warnings.push(`The MCP server ${name} is not there: ${failure.message}`);
      const before = known.filter((tool) => tool.server === name && view.state !== "off");
      return { server: name, tools: before.map((tool) => ({ ...tool, readOnly: false })) };
    });
    const { tools, leftOut } = offered(lists);
    if (leftOut > 0) warnings.push(`${leftOut} tools of MCP servers are left out: together they are too long.`);
    return { tools, warnings };
  }

  async call(
    own: ConversationServers | undefined,
    { server: name, name: tool, arguments: args }: ServerCall,
    signal: AbortSignal,
  ): Promise<Outcome<"call_tool">> {
    const server = this.#of(own).find((each) => each.name === name);
    if (server === undefined) throw new DeckhandError("mcp_unavailable", `There is no MCP server ${name}.`);
    return await this.#options.outcome(name, tool, await server.call(tool, args, signal));
  }

  isReadOnly(own: ConversationServers | undefined, name: string, tool: string): boolean {
    return (
      this.#of(own)
        .find((each) => each.name === name)
        ?.isReadOnly(tool) ?? false
    );
  }

  async login(state: string, code: string): Promise<string> {
    const name = await this.#options.finishLogin(state, code);
    this.#set.get(name)?.again();
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
      const { tools, leftOut } = session.tools;
      await session.close();
      const more = leftOut === 0 ? "" : ` ${leftOut} more are left out.`;
      const views = tools.map(({ tool, description, readOnly }) => ({ name: tool, description, read_only: readOnly }));
      return report(true, `It is there, with ${tools.length} tools.${more}`, views);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof DeckhandError) return report(false, error.message);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearInterval(this.#sweep);
    for (const server of this.#set.values()) this.#end(server);
    for (const { server } of this.#own.values()) this.#end(server);
    this.#set.clear();
    this.#own.clear();
    await Promise.all(this.#ending);
  }

  /** A name of the user's settings is theirs: what a conversation calls so is not asked in its place. */
  #of(own: ConversationServers = {}): readonly KeptServer[] {
    const named = Object.entries(own).filter(([name]) => !this.#set.has(name));
    return [...this.#set.values(), ...named.map(([name, server]) => this.#ofConversation(name, server))];
  }

  #ofConversation(name: string, server: ConversationServers[string]): KeptServer {
    const key = JSON.stringify([name, server]);
    let entry = this.#own.get(key);
    if (entry === undefined) {
      if (this.#own.size >= mostOwn) this.#dropOldest();
      entry = { server: this.#keep(name, server), usedAt: 0 };
      this.#own.set(key, entry);
    }
    entry.usedAt = performance.now();
    return entry.server;
  }

  #dropOldest(): void {
    const [oldest] = [...this.#own].toSorted(([, a], [, b]) => a.usedAt - b.usedAt);
    if (oldest === undefined) return;
    this.#own.delete(oldest[0]);
    this.#end(oldest[1].server);
  }

  #endIdle(idle: number): void {
    for (const [key, { server, usedAt }] of this.#own) {
      if (performance.now() - usedAt < idle) continue;
      this.#own.delete(key);
      this.#end(server);
    }
  }

  #keep(name: string, server: McpServer, loginUrl?: () => string | undefined): KeptServer {
    const { open, log, firstWaitMs } = this.#options;
    const wait = firstWaitMs === undefined ? {} : { firstWaitMs };
    return new KeptServer({ name, server, open, log: (line) => log(`MCP server ${name}: ${line}`), loginUrl, ...wait });
  }

  #end(server: KeptServer): void {
    const ending = server[Symbol.asyncDispose]().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}
