/** The HTTP side, typed: the list of conversations and how the server is. */
import {
  type ModelList,
  type ModelReport,
  DeckhandError,
  errorKinds,
  type ApprovalRule,
  type ConversationRow,
  type ConversationCosts,
  type CostEstimate,
  type CostReport,
  type ErrorCode,
  type McpReport,
  type McpServer,
  type McpServerState,
  type Observation,
  type HistoryFiles,
  type RestorePreview,
  type Settings,
  type TerminalSize,
  type WaitingDetails,
  type SettingsPatch,
  type SettingsReport,
  type WorkspaceDiff,
} from "@deckhand/protocol";
import { createFilesApi, type Files } from "./files.ts";

export interface InboxItem extends Omit<ConversationRow, "waiting"> {
  readonly waiting: WaitingDetails;
}

/** What waits for a person: what is denied soonest first, then the newest. */
export interface Inbox {
  /** At most 200. */
  readonly items: readonly InboxItem[];
  readonly more: boolean;
}

export interface ConversationChanges {
  readonly title?: string;
  readonly pinned?: boolean;
  readonly archived?: boolean;
  /** Id of the last event that a person has looked at; it never goes back. */
  readonly seen?: number;
}

/** Newest first. `next` is the `after` of the page that follows, null on the last one. */
export interface ConversationPage {
  readonly conversations: readonly ConversationRow[];
  readonly next: string | null;
}

export interface ListOptions {
  /** Only conversations that come after this one in the list. */
  readonly after?: string;
  /** At most 100. */
  readonly limit?: number;
  /** Part of the title, or words that were said or run, each from its beginning. */
  readonly query?: string;
  /** Only these; all where it is left out. */
  readonly archived?: boolean;
  readonly pinned?: boolean;
  /** Only its children; null: only those that are nobody's. */
  readonly parent?: string | null;
}

export interface AgentList {
  readonly described: readonly { readonly name: string; readonly description: string }[];
  readonly broken: readonly string[];
}

export interface CreateOptions {
  /** Made by the server when left out. */
  readonly id?: string;
  /** The first task; without one the conversation waits for its first message. */
  readonly task?: string;
  /** As the `args` of `initialize`. */
  readonly settings?: Settings;
}

export interface Health {
  readonly status: string;
  readonly version: string;
  /** `demo`: the model is scripted and says so. */
  readonly model: { readonly name: string; readonly demo: boolean };
  /** `sentence`: what was proven of the sandbox, or why nothing runs. */
  readonly runtime: {
    readonly kind: string;
    readonly proven: boolean;
    readonly sentence: string;
    /** ISO 8601. */
    readonly triedAt?: string;
    /** What was tried, by group; one is held when it did not get through and its control worked. */
    readonly checks: readonly RuntimeCheck[];
    readonly untried?: readonly { readonly name: string; readonly why: string }[];
  };
  /** Of the protocol. */
  readonly protocol?: string;
}

/** One attempt against the wall. */
export interface RuntimeCheck {
  readonly group: string;
  readonly name: string;
  /** What had to work beside it, so that the attempt means anything. */
  readonly control: string;
  readonly controlled: boolean;
  readonly held: boolean;
}

/** What is allowed in every conversation of the server. */
export interface ServerRule extends ApprovalRule {
  readonly id: number;
  /** ISO 8601. */
  readonly created_at: string;
}

/** `jsonl` is the log as it is, and can be imported; the others are to be read. */
export type ExportFormat = "jsonl" | "markdown" | "html";

export interface HttpApi {
  readonly files: Files;
  list(options?: ListOptions, signal?: AbortSignal): Promise<ConversationPage>;
  /** The conversations that work, or worked, for this one, newest first; the last hundred. */
  children(conversation: string, signal?: AbortSignal): Promise<readonly ConversationRow[]>;
  /** The agents that `agent_cls` and `delegate` can name, and definitions that were left out, each with what is wrong. */
  agents(signal?: AbortSignal): Promise<AgentList>;
  create(options?: CreateOptions, signal?: AbortSignal): Promise<ConversationRow>;
  /** What waits for a person in all conversations. */
  inbox(signal?: AbortSignal): Promise<Inbox>;
  change(conversation: string, changes: ConversationChanges, signal?: AbortSignal): Promise<ConversationRow>;
  rename(conversation: string, title: string, signal?: AbortSignal): Promise<void>;
  /** Fails with `conflict` where work in a workspace of its own would be lost, unless `discard` says that it may. */
  delete(conversation: string, options?: { readonly discard?: boolean }, signal?: AbortSignal): Promise<void>;
  /** A new conversation, at rest, with the events up to `at` (by default all). */
  fork(conversation: string, at?: number, signal?: AbortSignal): Promise<ConversationRow>;
  /** The conversation as a file, as it comes. */
  export(conversation: string, format?: ExportFormat, signal?: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  /** A new conversation, at rest, of an export in JSON lines. Fails with the number of the line that is none. */
  import(lines: string | Uint8Array<ArrayBuffer> | Blob, signal?: AbortSignal): Promise<ConversationRow>;
  /** What changed in the workspace; by default since the conversation began to work, until now. */
  diff(
    conversation: string,
    range?: { readonly from?: number; readonly to?: number },
    signal?: AbortSignal,
  ): Promise<WorkspaceDiff>;
  /** The files of the workspace as they were at event `at`. Fails with `no_checkpoint`, `checkpoint_failed`. */
  historyFiles(conversation: string, at: number, signal?: AbortSignal): Promise<HistoryFiles>;
  /** What `restore` would do now. */
  previewRestore(conversation: string, at: number, signal?: AbortSignal): Promise<RestorePreview>;
  /**
   * Brings the workspace back to what it was at event `at`. Fails with `changed_since` where this would take back what was changed
   * outside the agent's turns, unless forced; with `conflict` while an agent works there, `no_checkpoint`, `checkpoint_failed`.
   */
  restore(conversation: string, at: number, force?: boolean, signal?: AbortSignal): Promise<Observation<"restore">>;
  /** Resolves with its id; see `Terminals`. */
  openTerminal(conversation: string, size: TerminalSize, signal?: AbortSignal): Promise<string>;
  closeTerminal(conversation: string, terminal: string, signal?: AbortSignal): Promise<void>;
  /** What holds its commands back. */
  isolation(conversation: string, signal?: AbortSignal): Promise<Isolation>;
  /** What its commands reached and were refused, since the server started. */
  network(conversation: string, signal?: AbortSignal): Promise<NetworkRecord>;
  /** What listens in the conversation's sandbox now. */
  ports(conversation: string, signal?: AbortSignal): Promise<readonly OpenPort[]>;
  /** Where it can be opened. */
  openPort(conversation: string, port: number, signal?: AbortSignal): Promise<PortLink>;
  /** Oldest first. */
  rules(signal?: AbortSignal): Promise<readonly ServerRule[]>;
  /** The rule as it is kept. Fails with `bad_args` and what to write. */
  addRule(rule: ApprovalRule, signal?: AbortSignal): Promise<ServerRule>;
  /** The rule as it would be kept; nothing is. Fails as `addRule`. */
  checkRule(rule: ApprovalRule, signal?: AbortSignal): Promise<ApprovalRule>;
  deleteRule(id: number, signal?: AbortSignal): Promise<void>;
  /** Names that can be chosen, best first. */
  models(signal?: AbortSignal): Promise<readonly string[]>;
  /** The same with what is known of each, and the providers whose models can be asked for. */
  modelList(signal?: AbortSignal): Promise<ModelList>;
  /** Tries a model with real calls; what is not given is as the server is configured. The server keeps no key. */
  checkModel(trial: ModelTrial, signal?: AbortSignal): Promise<ModelReport>;
  /** What the server keeps and what of it holds; secrets are hidden. */
  settings(signal?: AbortSignal): Promise<SettingsReport>;
  /**
   * Saves what is given, section by section; `null` removes. Fails with `bad_args` and what is wrong, with `forbidden` for what starts
   * a program outside of the sandbox, with `conflict` where the file has to be mended first.
   */
  changeSettings(patch: SettingsPatch, signal?: AbortSignal): Promise<SettingsReport>;
  /** The MCP servers of the settings, as they are now. */
  mcpServers(signal?: AbortSignal): Promise<readonly McpServerState[]>;
  /** Brings back the address at which a login has ended, where the browser could not. */
  finishMcpLogin(address: string, signal?: AbortSignal): Promise<{ readonly name: string }>;
  /** Tries one: that of the name as it is set, or as it is given. */
  checkMcp(trial: { readonly name?: string; readonly server?: McpServer }, signal?: AbortSignal): Promise<McpReport>;
  /** What a conversation cost, by model and call by call; `limit` of 0: without the calls. */
  conversationCosts(
    conversation: string,
    page?: { readonly after?: number; readonly limit?: number },
    signal?: AbortSignal,
  ): Promise<ConversationCosts>;
  /** What this server spent since that day (`2026-10-31`, in UTC); by default in the last thirty. */
  costs(since?: string, signal?: AbortSignal): Promise<CostReport>;
  /** What a conversation with the model takes, as far as that is known; by default with the model that is configured. */
  estimate(model?: string, signal?: AbortSignal): Promise<CostEstimate>;
  health(signal?: AbortSignal): Promise<Health>;
}

export interface Isolation {
  readonly kind: string;
  readonly proven: boolean;
  /** Groups of attempts that were held. */
  readonly held: readonly string[];
  /** ISO 8601. */
  readonly tried_at: string;
  readonly sentence: string;
}

export interface NetworkRecord {
  /** Null where its commands have no network of their own. */
  readonly mode: string | null;
  /** By a person, for this conversation. */
  readonly allowed: readonly string[];
  /** The last ones, oldest first. */
  readonly connections: readonly {
    readonly host: string;
    readonly port: number;
    readonly address: string;
    /** What let it through. */
    readonly rule: string;
    readonly started_at: string;
    readonly duration_ms: number;
    readonly up_bytes: number;
    readonly down_bytes: number;
    readonly open: boolean;
  }[];
  readonly hosts: readonly {
    readonly host: string;
    readonly connections: number;
    readonly refused: number;
    readonly up_bytes: number;
    readonly down_bytes: number;
  }[];
}

export interface OpenPort {
  readonly port: number;
  /** On the sandbox's own loopback alone, as most development servers do. */
  readonly loopback: boolean;
}

export interface PortLink {
  /** An origin of its own, for a browser; good once, within 30 seconds. Null where there can be none. */
  readonly url: string | null;
  /** On the server's own origin, sandboxed; for programs. */
  readonly path: string;
}

export interface ModelTrial {
  readonly model?: string;
  readonly api_key?: string;
  readonly base_url?: string;
}

/**
 * Calls fail with a `DeckhandError` that has the code of the server's answer; with fetch's own error when the server
 * cannot be reached, and with the signal's reason.
 */
export function createHttpApi(base: URL, token: string | undefined): HttpApi {
  const ask: SendRequest = async (method, path, { headers = {}, data } = {}, signal) => {
    const response = await fetch(new URL(path, base), {
      method,
      headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      ...(data === undefined ? {} : { body: data }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (!response.ok) throw errorOf(response.status, await response.text());
    return response;
  };
  const call = async (method: string, path: string, body?: object, signal?: AbortSignal): Promise<unknown> => {
    const json =
      body === undefined ? {} : { headers: { "content-type": "application/json" }, data: JSON.stringify(body) };
    const text = await (await ask(method, path, json, signal)).text();
    return text === "" ? undefined : JSON.parse(text);
  };
  return {
    files: createFilesApi(ask),
    list: async ({ after, limit = 50, query, archived, pinned, parent } = {}, signal) => {
      const search = new URLSearchParams({ limit: String(limit) });
      if (after !== undefined) search.set("after", after);
      if (query !== undefined && query !== "") search.set("q", query);
      if (archived !== undefined) search.set("archived", String(archived));
      if (pinned !== undefined) search.set("pinned", String(pinned));
      if (parent !== undefined) search.set("parent", parent ?? "");
      return (await call("GET", `api/conversations?${search.toString()}`, undefined, signal)) as ConversationPage;
    },
    children: async (conversation, signal) => {
      const search = new URLSearchParams({ parent: conversation, limit: "100" });
      const path = `api/conversations?${search.toString()}`;
      return ((await call("GET", path, undefined, signal)) as ConversationPage).conversations;
    },
    agents: async (signal) => {
      const { described, broken } = (await call("GET", "api/agents", undefined, signal)) as AgentList;
      return { described, broken };
    },
    create: async (options = {}, signal) =>
      (await call("POST", "api/conversations", options, signal)) as ConversationRow,
    inbox: async (signal) => (await call("GET", "api/inbox", undefined, signal)) as Inbox,
    change: async (conversation, changes, signal) =>
      (await call("PATCH", conversationPath(conversation), changes, signal)) as ConversationRow,
    rename: async (conversation, title, signal) => {
      await call("PATCH", conversationPath(conversation), { title }, signal);
    },
    delete: async (conversation, { discard = false } = {}, signal) => {
      await call("DELETE", `${conversationPath(conversation)}${discard ? "?discard=true" : ""}`, undefined, signal);
    },
    fork: async (conversation, at, signal) =>
      (await call(
        "POST",
        `${conversationPath(conversation)}/fork`,
        at === undefined ? {} : { at },
        signal,
      )) as ConversationRow,
    export: async (conversation, format = "jsonl", signal) => {
      const { body } = await ask("GET", `${conversationPath(conversation)}/export?format=${format}`, {}, signal);
      return body ?? new Blob([]).stream();
    },
    import: async (lines, signal) => {
      const body = { headers: { "content-type": "application/x-ndjson" }, data: lines };
      return (await (await ask("POST", "api/conversations/import", body, signal)).json()) as ConversationRow;
    },
    diff: async (conversation, { from, to } = {}, signal) => {
      const search = new URLSearchParams({ to: to === undefined ? "now" : String(to) });
      if (from !== undefined) search.set("from", String(from));
      return (await call(
        "GET",
        `${conversationPath(conversation)}/diff?${search.toString()}`,
        undefined,
        signal,
      )) as WorkspaceDiff;
    },
    historyFiles: async (conversation, at, signal) =>
      (await call(
        "GET",
        `${conversationPath(conversation)}/history/files?at=${at}`,
        undefined,
        signal,
      )) as HistoryFiles,
    previewRestore: async (conversation, at, signal) =>
      (await call("GET", `${conversationPath(conversation)}/restore?at=${at}`, undefined, signal)) as RestorePreview,
    restore: async (conversation, at, force = false, signal) =>
      (await call(
        "POST",
        `${conversationPath(conversation)}/restore`,
        { at, force },
        signal,
      )) as Observation<"restore">,
    openTerminal: async (conversation, size, signal) =>
      ((await call("POST", `${conversationPath(conversation)}/terminals`, size, signal)) as { id: string }).id,
    closeTerminal: async (conversation, terminal, signal) => {
      await call(
        "DELETE",
        `${conversationPath(conversation)}/terminals/${encodeURIComponent(terminal)}`,
        undefined,
        signal,
      );
    },
    isolation: async (conversation, signal) =>
      ((await call("GET", conversationPath(conversation), undefined, signal)) as { isolation: Isolation }).isolation,
    network: async (conversation, signal) =>
      (await call("GET", `${conversationPath(conversation)}/network`, undefined, signal)) as NetworkRecord,
    ports: async (conversation, signal) => {
      const answer = await call("GET", `${conversationPath(conversation)}/ports`, undefined, signal);
      return (answer as { ports: readonly OpenPort[] }).ports;
    },
    openPort: async (conversation, port, signal) =>
      (await call("POST", `${conversationPath(conversation)}/ports/${port}`, {}, signal)) as PortLink,
    rules: async (signal) => {
      const { rules } = (await call("GET", "api/rules", undefined, signal)) as { rules: readonly ServerRule[] };
      return rules;
    },
    models: async (signal) => ((await call("GET", "api/models", undefined, signal)) as ModelList).models,
    modelList: async (signal) => (await call("GET", "api/models", undefined, signal)) as ModelList,
    checkModel: async (trial, signal) => (await call("POST", "api/models/check", trial, signal)) as ModelReport,
    addRule: async (rule, signal) => (await call("POST", "api/rules", rule, signal)) as ServerRule,
    checkRule: async (rule, signal) =>
      (await call("POST", "api/rules", { ...rule, dry_run: true }, signal)) as ApprovalRule,
    deleteRule: async (id, signal) => {
      await call("DELETE", `api/rules/${id}`, undefined, signal);
    },
    settings: async (signal) => (await call("GET", "api/settings", undefined, signal)) as SettingsReport,
    changeSettings: async (patch, signal) => (await call("PATCH", "api/settings", patch, signal)) as SettingsReport,
    conversationCosts: async (conversation, { after = -1, limit = 500 } = {}, signal) =>
      (await call(
        "GET",
        `${conversationPath(conversation)}/costs?after=${after}&limit=${limit}`,
        undefined,
        signal,
      )) as ConversationCosts,
    costs: async (since, signal) =>
      (await call("GET", `api/costs${since === undefined ? "" : `?since=${since}`}`, undefined, signal)) as CostReport,
    estimate: async (model, signal) => {
      const query = model === undefined ? "" : `?${new URLSearchParams({ model }).toString()}`;
      return (await call("GET", `api/costs/estimate${query}`, undefined, signal)) as CostEstimate;
    },
    mcpServers: async (signal) => {
      const { servers } = (await call("GET", "api/mcp", undefined, signal)) as { servers: readonly McpServerState[] };
      return servers;
    },
    finishMcpLogin: async (address, signal) =>
      (await call("POST", "api/mcp/login", { address }, signal)) as { readonly name: string },
    checkMcp: async (trial, signal) => (await call("POST", "api/settings/mcp/check", trial, signal)) as McpReport,
    health: async (signal) => (await call("GET", "api/health", undefined, signal)) as Health,
  };
}

interface RequestBody {
  readonly headers?: Readonly<Record<string, string>>;
  readonly data?: string | Uint8Array<ArrayBuffer> | Blob | FormData;
}

/** A request; fails as all calls do. */
export type SendRequest = (method: string, path: string, sent?: RequestBody, signal?: AbortSignal) => Promise<Response>;

function conversationPath(conversation: string): string {
  return `api/conversations/${encodeURIComponent(conversation)}`;
}

function errorOf(status: number, text: string): DeckhandError {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: string; message?: string } };
    if (error?.code !== undefined && Object.hasOwn(errorKinds, error.code)) {
      return new DeckhandError(error.code as ErrorCode, error.message);
    }
  } catch {
    // A proxy's page; the status has to do.
  }
  if (status === 401) return new DeckhandError("unauthorized");
  if (status === 403) return new DeckhandError("forbidden");
  if (status === 404) return new DeckhandError("unknown_conversation");
  return new DeckhandError("internal", `The server answered with status ${status}.`);
}
