/**
 * One MCP server, started once and shared by all conversations.
 *
 *   off        it is not enabled
 *   starting   connecting and listing its tools; callers wait, at most for its start-up time
 *   ready      its tools can be called
 *   waiting    it failed to start or disconnected: retried after 1, 2, 4 … seconds, at most five minutes, and immediately
 *              when one of its tools is called
 */
import { DeckhandError, type McpServer, type McpServerState } from "@deckhand/protocol";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { abortable } from "../async/abortable.ts";
import type { Session, SessionOptions } from "./session.ts";
import type { ListedTool, ToolList } from "./tool-list.ts";

export interface ManagedServerOptions {
  readonly name: string;
  readonly server: McpServer;
  readonly open: OpenServer;
  /** Where a person has to log in first; undefined for servers without a login. */
  readonly loginUrl?: (() => string | undefined) | undefined;
  readonly log: (line: string) => void;
  /** Delay before the first retry; doubled each time. */
  readonly firstRetryMs?: number;
}

/** With a `name`, a person may log in there, and the login is stored under that name. */
export type OpenServer = (
  options: Pick<SessionOptions, "server" | "onGone" | "onTools"> & { readonly name?: string | undefined },
  signal: AbortSignal,
) => Promise<Session>;

type State =
  | { readonly type: "off" }
  | { readonly type: "starting"; readonly done: Promise<void> }
  | { readonly type: "ready"; readonly session: Session; readonly since: number }
  | {
      readonly type: "waiting";
      readonly failure: DeckhandError;
      readonly timer: NodeJS.Timeout;
      readonly since: number;
    };

const maxRetryDelayMs = 300_000;
/** A server that was up for this long did not fail at start: its retry delay begins from the first value again. */
const stableMs = 60_000;
/** Calls that arrive together cause one retry. */
const retryIntervalMs = 500;

export class ManagedServer implements AsyncDisposable {
  readonly name: string;
  readonly #options: ManagedServerOptions;
  readonly #stop = new AbortController();
  #state: State;
  #list: ToolList = { tools: [], excluded: 0 };
  #failures = 0;
  #lastFailure: DeckhandError | undefined;
  /** Something changed for the server while it was starting: if this start fails, the next one follows at once. */
  #retryAfterFailure = false;
  #closing: Promise<void> | undefined;
  /** It has started or failed once; later starts are not waited for. */
  #hasSettled = false;
  #users = 0;
  #lastUsedAt = performance.now();

  constructor(options: ManagedServerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#state = { type: "off" };
    if (options.server.enabled !== false) this.#start();
  }

  get server(): McpServer {
    return this.#options.server;
  }

  /** Empty unless the server is ready. */
  get tools(): readonly ListedTool[] {
    return this.#state.type === "ready" ? this.#list.tools : [];
  }

  /** Why the server is not ready; undefined if it is. */
  get failure(): DeckhandError | undefined {
    switch (this.#state.type) {
      case "ready":
        return undefined;
      case "waiting":
        return this.#state.failure;
      case "starting":
        return this.#lastFailure ?? new DeckhandError("mcp_unavailable", "The server is still starting.");
      case "off":
        return new DeckhandError("mcp_unavailable", "The server is disabled.");
    }
  }

  get view(): McpServerState {
    const { failure } = this;
    const login = this.#state.type === "waiting" ? this.#options.loginUrl?.() : undefined;
    return {
      name: this.name,
      kind: "command" in this.server ? "program" : "address",
      state: login === undefined ? this.#state.type : "login",
      ...(login === undefined ? {} : { login_url: login }),
      reason: failure === undefined || this.#state.type === "off" ? "" : failure.message,
      tools: this.tools.map(({ tool, description, readOnly }) => ({ name: tool, description, read_only: readOnly })),
      excluded: this.#list.excluded,
    };
  }

  /** How long nobody has used the server; 0 while a call is in progress. */
  get idleMs(): number {
    return this.#users > 0 ? 0 : performance.now() - this.#lastUsedAt;
  }

  /** The server says that the tool only reads, and the user trusts what it says. */
  isReadOnly(tool: string): boolean {
    return this.server.trust_hints === true && this.tools.some((each) => each.tool === tool && each.readOnly);
  }

  /** Resolves when the first start has succeeded or failed. Rejects only with the signal's reason. */
  async waitUntilSettled(signal: AbortSignal): Promise<void> {
    if (this.#state.type !== "starting" || this.#hasSettled) return;
    const { done } = this.#state;
    await this.#use(() => abortable(done, signal));
  }

  /** Starts the server without waiting for the next retry, because something changed for it. */
  retryNow(): void {
    if (this.#state.type === "starting") this.#retryAfterFailure = true;
    if (this.#state.type !== "waiting") return;
    clearTimeout(this.#state.timer);
    this.#start();
  }

  /** Fails as `Session.call` does. */
  async call(tool: string, args: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<CallToolResult> {
    return await this.#use(() => this.#call(tool, args, signal));
  }

  async #call(tool: string, args: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<CallToolResult> {
    if (this.#state.type === "waiting" && performance.now() - this.#state.since > retryIntervalMs) this.retryNow();
    while (this.#state.type === "starting") await abortable(this.#state.done, signal);
    const state = this.#state;
    if (state.type !== "ready") {
      const { code, message } = this.failure ?? new DeckhandError("mcp_unavailable");
      throw new DeckhandError(code, `The MCP server ${this.name} is unavailable. ${message}`);
    }
    try {
      return await state.session.call(tool, args, signal);
    } catch (error) {
      if (error instanceof DeckhandError && error.code === "mcp_unavailable") this.#onGone(state.session, error);
      throw error;
    }
  }

  async #use<T>(work: () => Promise<T>): Promise<T> {
    this.#users += 1;
    try {
      return await work();
    } finally {
      this.#users -= 1;
      this.#lastUsedAt = performance.now();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    const state = this.#state;
    this.#stop.abort(new DeckhandError("shutting_down"));
    this.#state = { type: "off" };
    if (state.type === "waiting") clearTimeout(state.timer);
    if (state.type === "starting") await state.done;
    if (state.type === "ready") await state.session.close().catch(() => {});
  }

  #start(): void {
    const { server, open, loginUrl } = this.#options;
    const name = loginUrl === undefined ? undefined : this.name;
    this.#retryAfterFailure = false;
    let opened: Session | undefined;
    const onGone = (reason: string): void => {
      if (opened !== undefined) this.#onGone(opened, new DeckhandError("mcp_unavailable", reason));
    };
    const onTools = (list: ToolList): void => {
      if (this.#state.type === "ready" && this.#state.session === opened) this.#list = list;
    };
    const done = open({ server, onGone, onTools, name }, this.#stop.signal).then(
      async (session) => {
        this.#hasSettled = true;
        if (this.#stop.signal.aborted) return session.close();
        opened = session;
        this.#list = session.tools;
        this.#lastFailure = undefined;
        this.#state = { type: "ready", session, since: performance.now() };
      },
      (error: unknown) => {
        this.#hasSettled = true;
        if (this.#stop.signal.aborted) return;
        if (this.#retryAfterFailure) return this.#start();
        this.#scheduleRetry(
          error instanceof DeckhandError ? error : new DeckhandError("mcp_unavailable", undefined, { cause: error }),
        );
      },
    );
    this.#state = { type: "starting", done };
  }

  #onGone(session: Session, failure: DeckhandError): void {
    if (this.#state.type !== "ready" || this.#state.session !== session) return;
    if (performance.now() - this.#state.since > stableMs) this.#failures = 0;
    this.#scheduleRetry(failure);
    session.close().catch(() => {});
  }

  #scheduleRetry(failure: DeckhandError): void {
    const delayMs = Math.min((this.#options.firstRetryMs ?? 1000) * 2 ** this.#failures, maxRetryDelayMs);
    this.#failures += 1;
    this.#lastFailure = failure;
    this.#options.log(`${failure.message} Retrying in ${Math.ceil(delayMs / 1000)} s.`);
    const timer = setTimeout(() => this.#start(), delayMs).unref();
    this.#state = { type: "waiting", failure, timer, since: performance.now() };
  }
}
