/**
 * One MCP server, started once and shared by all conversations.
 *
 *   off        it is not enabled
 *   starting   it is greeted and asked for its tools; whoever needs it waits, no longer than its time to start
 *   ready      its tools can be called
 *   waiting    it could not be started, or is gone: tried again after 1, 2, 4 … seconds, five minutes at most, and at once
 *              when one of its tools is called
 */
import { DeckhandError, type McpServer, type McpServerState } from "@deckhand/protocol";
import { abortable } from "../async/abortable.ts";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import type { Session, SessionOptions } from "./session.ts";
import type { ListedTool, ToolList } from "./tool-list.ts";

export interface KeptServerOptions {
  readonly name: string;
  readonly server: McpServer;
  readonly open: OpenServer;
  /** Where a person has to log in first; none for servers at which nobody can. */
  readonly loginUrl?: (() => string | undefined) | undefined;
  readonly log: (line: string) => void;
  /** Until the first try again; doubled each time. */
  readonly firstWaitMs?: number;
}

/** `name`: a person may log in there under this name, and that is kept. */
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

const longestWaitMs = 300_000;
/** One that held so long has not failed at its start: it is tried again as if for the first time. */
const soundMs = 60_000;
/** Calls that come together try it once. */
const againMs = 500;

export class KeptServer implements AsyncDisposable {
  readonly name: string;
  readonly #options: KeptServerOptions;
  readonly #stop = new AbortController();
  #state: State;
  #list: ToolList = { tools: [], leftOut: 0 };
  #failures = 0;
  #last: DeckhandError | undefined;
  #closing: Promise<void> | undefined;
  /** Its tools were asked for while it had not answered for the first time. */
  #hasSettled = false;

  constructor(options: KeptServerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#state = { type: "off" };
    if (options.server.enabled !== false) this.#start();
  }

  get server(): McpServer {
    return this.#options.server;
  }

  /** Empty while it is not ready. */
  get tools(): readonly ListedTool[] {
    return this.#state.type === "ready" ? this.#list.tools : [];
  }

  /** Why it is not ready; undefined where it is. */
  get failure(): DeckhandError | undefined {
    switch (this.#state.type) {
      case "ready":
        return undefined;
      case "waiting":
        return this.#state.failure;
      case "starting":
        return this.#last ?? new DeckhandError("mcp_unavailable", "It is still starting.");
      case "off":
        return new DeckhandError("mcp_unavailable", "It is not enabled.");
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
      excluded: this.#list.leftOut,
    };
  }

  /** What it says of the tool is believed, and it says that it only reads. */
  isReadOnly(tool: string): boolean {
    return this.server.trust_hints === true && this.tools.some((each) => each.tool === tool && each.readOnly);
  }

  /** When it has answered or failed for the first time; a later failure is not waited for. Fails with the signal's reason alone. */
  async settled(signal: AbortSignal): Promise<void> {
    if (this.#state.type !== "starting" || this.#hasSettled) return;
    await abortable(this.#state.done, signal);
  }

  /** Something has changed for it: it is tried now. */
  again(): void {
    if (this.#state.type !== "waiting") return;
    clearTimeout(this.#state.timer);
    this.#start();
  }

  /** Fails as `Session.call`. */
  async call(tool: string, args: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<CallToolResult> {
    if (this.#state.type === "waiting" && performance.now() - this.#state.since > againMs) {
      this.again();
    }
    if (this.#state.type === "starting") await abortable(this.#state.done, signal);
    const state = this.#state;
    if (state.type !== "ready") {
      const { code, message } = this.failure ?? new DeckhandError("mcp_unavailable");
      throw new DeckhandError(code, `The MCP server ${this.name} is not there. ${message}`);
    }
    try {
      return await state.session.call(tool, args, signal);
    } catch (error) {
      if (error instanceof DeckhandError && error.code === "mcp_unavailable") this.#gone(state.session, error);
      throw error;
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
    let mine: Session | undefined;
    const onGone = (why: string): void => {
      if (mine !== undefined) this.#gone(mine, new DeckhandError("mcp_unavailable", why));
    };
    const onTools = (list: ToolList): void => {
      if (this.#state.type === "ready" && this.#state.session === mine) this.#list = list;
    };
    const done = open({ server, onGone, onTools, name }, this.#stop.signal).then(
      async (session) => {
        this.#hasSettled = true;
        if (this.#stop.signal.aborted) return session.close();
        mine = session;
        this.#list = session.tools;
        this.#last = undefined;
        this.#state = { type: "ready", session, since: performance.now() };
      },
      (error: unknown) => {
        this.#hasSettled = true;
        if (this.#stop.signal.aborted) return;
        this.#wait(
          error instanceof DeckhandError ? error : new DeckhandError("mcp_unavailable", undefined, { cause: error }),
        );
      },
    );
    this.#state = { type: "starting", done };
  }

  #gone(session: Session, failure: DeckhandError): void {
    if (this.#state.type !== "ready" || this.#state.session !== session) return;
    if (performance.now() - this.#state.since > soundMs) this.#failures = 0;
    this.#wait(failure);
    session.close().catch(() => {});
  }

  #wait(failure: DeckhandError): void {
    const waitMs = Math.min((this.#options.firstWaitMs ?? 1000) * 2 ** this.#failures, longestWaitMs);
    this.#failures += 1;
    this.#last = failure;
    this.#options.log(`${failure.message} It is tried again in ${Math.ceil(waitMs / 1000)} s.`);
    const timer = setTimeout(() => this.#start(), waitMs).unref();
    this.#state = { type: "waiting", failure, timer, since: performance.now() };
  }
}
