/** The HTTP API of the server, typed. Every call fails as described at `SendRequest`. */
import type {
  AgentList,
  ApprovalRule,
  ConversationChanges,
  ConversationCosts,
  ConversationPage,
  ConversationRow,
  CostEstimate,
  CostReport,
  CreateOptions,
  Health,
  HistoryFiles,
  Inbox,
  Isolation,
  McpReport,
  McpServer,
  McpServerState,
  ModelList,
  ModelReport,
  NetworkRecord,
  Observation,
  OpenPort,
  PortLink,
  RestorePreview,
  ServerRule,
  SettingsPatch,
  SettingsReport,
  TerminalSize,
  WorkspaceDiff,
} from "@deckhand/protocol";
import type { FilesApi } from "./files.ts";

export interface ListOptions {
  /** Only conversations after this one in the list. */
  readonly after?: string;
  /** At most 100. */
  readonly limit?: number;
  /** Part of the title, or beginnings of words in messages and commands. */
  readonly query?: string;
  /** Only archived ones, or only others; both when missing. */
  readonly archived?: boolean;
  readonly pinned?: boolean;
  /** Only subagents of this conversation; null: no subagents. */
  readonly parent?: string | null;
}

/** `jsonl` is the log itself and can be imported; the others are for reading. */
export type ExportFormat = "jsonl" | "markdown" | "html";

export interface ModelTrial {
  readonly model?: string;
  readonly api_key?: string;
  readonly base_url?: string;
}

export interface HttpApi extends ConversationsApi, WorkspaceApi, ServerApi {
  readonly files: FilesApi;
}

export interface ConversationsApi {
  list(options?: ListOptions, signal?: AbortSignal): Promise<ConversationPage>;
  /** The subagents of a conversation, newest first; at most 100. */
  children(conversation: string, signal?: AbortSignal): Promise<readonly ConversationRow[]>;
  create(options?: CreateOptions, signal?: AbortSignal): Promise<ConversationRow>;
  /** What waits for a person in all conversations. */
  inbox(signal?: AbortSignal): Promise<Inbox>;
  change(conversation: string, changes: ConversationChanges, signal?: AbortSignal): Promise<ConversationRow>;
  rename(conversation: string, title: string, signal?: AbortSignal): Promise<void>;
  /**
   * Fails with `conflict` if unsaved work in the conversation's own workspace would be lost, unless `discard` is true.
   */
  delete(conversation: string, options?: { readonly discard?: boolean }, signal?: AbortSignal): Promise<void>;
  /** Creates a conversation with the events up to `at` (by default all); the agent does not continue on its own. */
  fork(conversation: string, at?: number, signal?: AbortSignal): Promise<ConversationRow>;
  /** Streams the conversation as a file. */
  export(conversation: string, format?: ExportFormat, signal?: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  /** Creates a conversation from a JSON Lines export. An error names the invalid line. */
  import(lines: string | Uint8Array<ArrayBuffer> | Blob, signal?: AbortSignal): Promise<ConversationRow>;
  /** Costs of a conversation by model and call; with a `limit` of 0, without the calls. */
  conversationCosts(
    conversation: string,
    page?: { readonly after?: number; readonly limit?: number },
    signal?: AbortSignal,
  ): Promise<ConversationCosts>;
}

export interface WorkspaceApi {
  /** Changes in the workspace; by default from the start of the conversation until now. */
  diff(
    conversation: string,
    range?: { readonly from?: number; readonly to?: number },
    signal?: AbortSignal,
  ): Promise<WorkspaceDiff>;
  /** The files of the workspace at event `at`. Fails with `no_checkpoint`, `checkpoint_failed`. */
  historyFiles(conversation: string, at: number, signal?: AbortSignal): Promise<HistoryFiles>;
  /** What `restore` would do now. */
  previewRestore(conversation: string, at: number, signal?: AbortSignal): Promise<RestorePreview>;
  /**
   * Restores the workspace to its state at event `at`. Fails with `changed_since` if that would revert changes made
   * outside the agent's turns, unless forced; with `busy` while an agent is working there; with `no_checkpoint`,
   * `checkpoint_failed`.
   */
  restore(conversation: string, at: number, force?: boolean, signal?: AbortSignal): Promise<Observation<"restore">>;
  /** Resolves with the id of the terminal; see `Terminals`. */
  openTerminal(conversation: string, size: TerminalSize, signal?: AbortSignal): Promise<string>;
  closeTerminal(conversation: string, terminal: string, signal?: AbortSignal): Promise<void>;
  /** How commands are isolated. */
  isolation(conversation: string, signal?: AbortSignal): Promise<Isolation>;
  /** Network connections of commands since the server started. */
  network(conversation: string, signal?: AbortSignal): Promise<NetworkRecord>;
  /** Ports on which something in the sandbox is listening. */
  ports(conversation: string, signal?: AbortSignal): Promise<readonly OpenPort[]>;
  /** Creates a link to a port. */
  openPort(conversation: string, port: number, signal?: AbortSignal): Promise<PortLink>;
}

export interface ServerApi {
  health(signal?: AbortSignal): Promise<Health>;
  agents(signal?: AbortSignal): Promise<AgentList>;
  /** Oldest first. */
  rules(signal?: AbortSignal): Promise<readonly ServerRule[]>;
  /** Resolves with the rule in normalized form. Fails with `bad_args` and an explanation. */
  addRule(rule: ApprovalRule, signal?: AbortSignal): Promise<ServerRule>;
  /** Like `addRule`, but saves nothing. */
  checkRule(rule: ApprovalRule, signal?: AbortSignal): Promise<ApprovalRule>;
  deleteRule(id: number, signal?: AbortSignal): Promise<void>;
  /** Names of available models, best first. */
  models(signal?: AbortSignal): Promise<readonly string[]>;
  /** The models in detail, and the supported providers. */
  modelList(signal?: AbortSignal): Promise<ModelList>;
  /** Tests a model with real calls. Missing values come from the server's configuration; the key is not saved. */
  checkModel(trial: ModelTrial, signal?: AbortSignal): Promise<ModelReport>;
  /** Saved and effective settings, with secrets masked. */
  settings(signal?: AbortSignal): Promise<SettingsReport>;
  /**
   * Saves the given sections; `null` removes a value. Fails with `bad_args` and an explanation, with `forbidden` for
   * what starts a program outside the sandbox, with `conflict` if the settings file has errors that must be fixed
   * first.
   */
  changeSettings(patch: SettingsPatch, signal?: AbortSignal): Promise<SettingsReport>;
  /** The state of the configured MCP servers. */
  mcpServers(signal?: AbortSignal): Promise<readonly McpServerState[]>;
  /** Completes an OAuth login with the URL at which it ended, if the browser could not deliver it. */
  finishMcpLogin(address: string, signal?: AbortSignal): Promise<{ readonly name: string }>;
  /** Tests an MCP server: a configured one by `name`, or the given one. */
  checkMcp(trial: { readonly name?: string; readonly server?: McpServer }, signal?: AbortSignal): Promise<McpReport>;
  /** What this server spent since a day (`2026-10-31`, in UTC); by default in the last thirty days. */
  costs(since?: string, signal?: AbortSignal): Promise<CostReport>;
  /** What a conversation usually costs; by default with the configured model. */
  estimate(model?: string, signal?: AbortSignal): Promise<CostEstimate>;
}
