/** The calls of the HTTP API. */
import type {
  AgentList,
  ApprovalRule,
  ConversationCosts,
  ConversationPage,
  ConversationRow,
  CostEstimate,
  CostReport,
  Health,
  HistoryFiles,
  Inbox,
  Isolation,
  McpReport,
  McpServerState,
  ModelList,
  ModelReport,
  NetworkRecord,
  Observation,
  OpenPort,
  PortLink,
  RestorePreview,
  ServerRule,
  SettingsReport,
  WorkspaceDiff,
} from "@deckhand/protocol";
import type { ConversationsApi, HttpApi, ServerApi, WorkspaceApi } from "./api.ts";
import { createFilesApi } from "./files.ts";
import { bodyOf, conversationPath, createRequests, type SendRequest } from "./request.ts";

/** Sends JSON and parses the JSON response; an empty response is undefined. */
type Call = <T>(method: string, path: string, body: object | undefined, signal: AbortSignal | undefined) => Promise<T>;

export function createHttpApi(base: URL, token: string | undefined): HttpApi {
  const send = createRequests(base, token);
  const call: Call = async <T>(
    method: string,
    path: string,
    body: object | undefined,
    signal: AbortSignal | undefined,
  ): Promise<T> => {
    const json =
      body === undefined ? {} : { headers: { "content-type": "application/json" }, data: JSON.stringify(body) };
    const text = await (await send(method, path, json, signal)).text();
    return (text === "" ? undefined : JSON.parse(text)) as T;
  };
  return {
    files: createFilesApi(send),
    ...conversationCalls(call, send),
    ...workspaceCalls(call),
    ...serverCalls(call),
  };
}

function conversationCalls(call: Call, send: SendRequest): ConversationsApi {
  return {
    list: async ({ after, limit = 50, query, archived, pinned, parent } = {}, signal) => {
      const search = new URLSearchParams({ limit: String(limit) });
      if (after !== undefined) search.set("after", after);
      if (query !== undefined && query !== "") search.set("q", query);
      if (archived !== undefined) search.set("archived", String(archived));
      if (pinned !== undefined) search.set("pinned", String(pinned));
      if (parent !== undefined) search.set("parent", parent ?? "");
      return call<ConversationPage>("GET", `api/conversations?${search.toString()}`, undefined, signal);
    },
    children: async (conversation, signal) => {
      const search = new URLSearchParams({ parent: conversation, limit: "100" });
      const path = `api/conversations?${search.toString()}`;
      return (await call<ConversationPage>("GET", path, undefined, signal)).conversations;
    },
    create: (options = {}, signal) => call<ConversationRow>("POST", "api/conversations", options, signal),
    inbox: (signal) => call<Inbox>("GET", "api/inbox", undefined, signal),
    change: (conversation, changes, signal) =>
      call<ConversationRow>("PATCH", conversationPath(conversation), changes, signal),
    rename: (conversation, title, signal) =>
      call<unknown>("PATCH", conversationPath(conversation), { title }, signal).then(() => {}),
    delete: (conversation, { discard = false } = {}, signal) => {
      const path = `${conversationPath(conversation)}${discard ? "?discard=true" : ""}`;
      return call<unknown>("DELETE", path, undefined, signal).then(() => {});
    },
    fork: (conversation, at, signal) =>
      call<ConversationRow>("POST", `${conversationPath(conversation)}/fork`, at === undefined ? {} : { at }, signal),
    export: async (conversation, format = "jsonl", signal) =>
      bodyOf(await send("GET", `${conversationPath(conversation)}/export?format=${format}`, {}, signal)),
    import: async (lines, signal) => {
      const body = { headers: { "content-type": "application/x-ndjson" }, data: lines };
      return (await (await send("POST", "api/conversations/import", body, signal)).json()) as ConversationRow;
    },
    conversationCosts: (conversation, { after = -1, limit = 500 } = {}, signal) => {
      const path = `${conversationPath(conversation)}/costs?after=${after}&limit=${limit}`;
      return call<ConversationCosts>("GET", path, undefined, signal);
    },
  };
}

function workspaceCalls(call: Call): WorkspaceApi {
  return {
    diff: (conversation, { from, to } = {}, signal) => {
      const search = new URLSearchParams({ to: to === undefined ? "now" : String(to) });
      if (from !== undefined) search.set("from", String(from));
      const path = `${conversationPath(conversation)}/diff?${search.toString()}`;
      return call<WorkspaceDiff>("GET", path, undefined, signal);
    },
    historyFiles: (conversation, at, signal) => {
      const path = `${conversationPath(conversation)}/history/files?at=${at}`;
      return call<HistoryFiles>("GET", path, undefined, signal);
    },
    previewRestore: (conversation, at, signal) =>
      call<RestorePreview>("GET", `${conversationPath(conversation)}/restore?at=${at}`, undefined, signal),
    restore: (conversation, at, force = false, signal) =>
      call<Observation<"restore">>("POST", `${conversationPath(conversation)}/restore`, { at, force }, signal),
    openTerminal: async (conversation, size, signal) => {
      const path = `${conversationPath(conversation)}/terminals`;
      return (await call<{ readonly id: string }>("POST", path, size, signal)).id;
    },
    closeTerminal: (conversation, terminal, signal) => {
      const path = `${conversationPath(conversation)}/terminals/${encodeURIComponent(terminal)}`;
      return call<unknown>("DELETE", path, undefined, signal).then(() => {});
    },
    isolation: async (conversation, signal) => {
      const path = conversationPath(conversation);
      return (await call<{ readonly isolation: Isolation }>("GET", path, undefined, signal)).isolation;
    },
    network: (conversation, signal) =>
      call<NetworkRecord>("GET", `${conversationPath(conversation)}/network`, undefined, signal),
    ports: async (conversation, signal) => {
      const path = `${conversationPath(conversation)}/ports`;
      return (await call<{ readonly ports: readonly OpenPort[] }>("GET", path, undefined, signal)).ports;
    },
    openPort: (conversation, port, signal) =>
      call<PortLink>("POST", `${conversationPath(conversation)}/ports/${port}`, {}, signal),
  };
}

function serverCalls(call: Call): ServerApi {
  return {
    health: (signal) => call<Health>("GET", "api/health", undefined, signal),
    agents: (signal) => call<AgentList>("GET", "api/agents", undefined, signal),
    rules: async (signal) =>
      (await call<{ readonly rules: readonly ServerRule[] }>("GET", "api/rules", undefined, signal)).rules,
    addRule: (rule, signal) => call<ServerRule>("POST", "api/rules", rule, signal),
    checkRule: (rule, signal) => call<ApprovalRule>("POST", "api/rules", { ...rule, dry_run: true }, signal),
    deleteRule: (id, signal) => call<unknown>("DELETE", `api/rules/${id}`, undefined, signal).then(() => {}),
    models: async (signal) => (await call<ModelList>("GET", "api/models", undefined, signal)).models,
    modelList: (signal) => call<ModelList>("GET", "api/models", undefined, signal),
    checkModel: (trial, signal) => call<ModelReport>("POST", "api/models/check", trial, signal),
    settings: (signal) => call<SettingsReport>("GET", "api/settings", undefined, signal),
    changeSettings: (patch, signal) => call<SettingsReport>("PATCH", "api/settings", patch, signal),
    mcpServers: async (signal) =>
      (await call<{ readonly servers: readonly McpServerState[] }>("GET", "api/mcp", undefined, signal)).servers,
    finishMcpLogin: (address, signal) => call<{ readonly name: string }>("POST", "api/mcp/login", { address }, signal),
    checkMcp: (trial, signal) => call<McpReport>("POST", "api/settings/mcp/check", trial, signal),
    costs: (since, signal) =>
      call<CostReport>("GET", `api/costs${since === undefined ? "" : `?since=${since}`}`, undefined, signal),
    estimate: (model, signal) => {
      const query = model === undefined ? "" : `?${new URLSearchParams({ model }).toString()}`;
      return call<CostEstimate>("GET", `api/costs/estimate${query}`, undefined, signal);
    },
  };
}
