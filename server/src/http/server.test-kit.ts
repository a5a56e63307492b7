/** A real server for tests: a free port, a real log, real conversations, and a model with canned replies. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeckhandError, type ReplyPart } from "@deckhand/protocol";
import { listAgents, createAgentFinder } from "../agent/agents.ts";
import { Conversations } from "../conversation/conversations.ts";
import { openUploads } from "../files/uploads.ts";
import { costsOf, type CostsApi } from "../conversation/costs.ts";
import { serverRules, type RulesApi } from "../conversation/approvals/server-rules.ts";
import type { Model } from "../llm/model.ts";
import { fixedWorkspace } from "../workspaces/fixed-workspace.ts";
import type { RuntimeFactory } from "../runtime/runtime.ts";
import { openSettings } from "../settings/open.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import { createTools } from "../tools/tools.ts";
import { createSocketServer, type SocketServerOptions } from "../ws/server.ts";
import { serve, type ServeOptions } from "./server.ts";

export interface TestServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly conversations: Conversations;
  readonly rules: RulesApi;
  readonly costs: CostsApi;
  /** A temporary folder for this server alone. */
  readonly home: string;
  close(): Promise<void>;
}

export interface TestServerOptions extends Partial<ServeOptions & SocketServerOptions> {
  readonly model?: Model;
  readonly runtimes?: RuntimeFactory;
}

const fileLimits = { maxFiles: 1000, maxBytes: 64 * 1024 * 1024 };
export const testToken = "a-token-for-tests-0123456789";

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  await using parts = new AsyncDisposableStack();
  const home = await mkdtemp(join(tmpdir(), "deckhand-http-"));
  parts.defer(() => rm(home, { recursive: true, force: true }));
  const store = parts.use(openSqliteStore(join(home, "deckhand.db")));
  const tools = createTools({ commandTimeoutMs: 20_000, browseAllow: [] });
  const model = options.model ?? cannedModel([[{ type: "text", text: "Hello." }]]);
  const conversations = parts.use(
    new Conversations({
      store,
      findModel: async () => model,
      findAgent: createAgentFinder(tools),
      runtimes: options.runtimes ?? noRuntimes,
      workspaces: fixedWorkspace(home),
      tools,
      limits: { maxSteps: 5, maxCostUsd: Infinity, maxTokens: Infinity, maxSeconds: Infinity },
      approval: { policy: "never", seconds: 3600, sandboxed: true },
      workspace: home,
      home: (id) => join(home, "conversations", id),
      now: Date.now,
      resume: "ask",
      onFault: (_, fault) => {
        throw fault;
      },
    }),
  );
  const jwtSecret = "a-secret-for-tests-0123456789";
  const version = "0.0.0-test";
  const costs = costsOf(store);
  const rules = serverRules(store.rules);
  const listening = await serve({
    host: "127.0.0.1",
    port: 0,
    token: testToken,
    hosts: [],
    conversations,
    uploads: await openUploads(join(home, "uploads"), fileLimits),
    fileLimits,
    rules,
    costs,
    defaultModel: async () => model.name,
    health: async () => ({}),
    models: {
      names: async () => [model.name],
      list: async () => ({ models: [model.name], details: [], providers: [] }),
      check: async ({ name = model.name }) => ({ model: name, ok: true, findings: [], duration_ms: 1, cost_usd: 0 }),
    },
    agents: { described: listAgents(), broken: [] },
    mcp: {
      states: () => [],
      login: () => Promise.reject(new Error("not here")),
      check: () => Promise.reject(new Error("not here")),
    },
    settings: parts.use(await openSettings({ DECKHAND_HOME: home }, (sentence) => assert.fail(sentence))),
    webRoot: undefined,
    jwtSecret,
    version,
    webSockets: createSocketServer({ conversations, jwtSecret, version, ...socketOptions(options) }),
    ...options,
  });
  parts.defer(() => listening.close());
  const owned = parts.move();
  return {
    port: listening.port,
    url: listening.url,
    conversations,
    rules,
    costs,
    home,
    close: () => listening.close(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Gives these replies in order and then repeats the last one. An error in the list is thrown. */
export function cannedModel(replies: readonly (readonly ReplyPart[] | DeckhandError)[]): Model {
  let next = 0;
  return {
    name: "canned",
    takesImages: false,
    async *reply() {
      const reply = replies[Math.min(next, replies.length - 1)] ?? [];
      next += 1;
      if (reply instanceof DeckhandError) throw reply;
      for (const part of reply) {
        if (part.type === "text") yield { type: "delta", delta: { of: "reply", text: part.text } };
      }
      return {
        parts: reply,
        finishReason: "stop",
        usage: { input: 1, output: 1, cached_input: 0, cache_write: 0, reasoning: 0 },
        costUsd: 0,
        firstTokenMs: 1,
      };
    },
  };
}

function socketOptions({ tickMs, pingMs, stalledMs }: TestServerOptions): Partial<SocketServerOptions> {
  return {
    ...(tickMs === undefined ? {} : { tickMs }),
    ...(pingMs === undefined ? {} : { pingMs }),
    ...(stalledMs === undefined ? {} : { stalledMs }),
  };
}

const noRuntimes: RuntimeFactory = {
  status: async () => ({
    kind: "bubblewrap",
    proven: false,
    sentence: "There is no sandbox in this test.",
    checks: [],
    untried: [],
    triedAt: "",
  }),
  create: () => Promise.reject(new DeckhandError("sandbox_unavailable")),
  runIsolated: () => Promise.reject(new DeckhandError("sandbox_unavailable")),
};

export interface RawResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Sends these bytes and reads until the response is complete or the connection closes. */
export function rawRequest(port: number, request: string, host = "127.0.0.1"): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host });
    let text = "";
    socket.setEncoding("latin1");
    socket.on("error", reject);
    socket.on("data", (data: string) => {
      text += data;
      if (isComplete(text)) socket.end();
    });
    socket.on("close", () => resolve(parseResponse(text)));
    socket.write(request);
  });
}

/** A request with exactly these headers; add `Host` yourself. */
export function requestText(
  method: string,
  path: string,
  headers: readonly (readonly [string, string])[] = [],
  body = "",
): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const length = body === "" ? "" : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  return `${method} ${path} HTTP/1.1\r\n${lines}${length}\r\n${body}`;
}

export const upgradeHeaders: readonly (readonly [string, string])[] = [
  ["Connection", "Upgrade"],
  ["Upgrade", "websocket"],
  ["Sec-WebSocket-Version", "13"],
  ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
];

function isComplete(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return false;
  if (text.startsWith("HTTP/1.1 101")) return true;
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, end))?.[1];
  if (length !== undefined) return text.length >= end + 4 + Number(length);
  return text.endsWith("0\r\n\r\n") || /^HTTP\/1.1 (204|304)/.test(text);
}

function parseResponse(text: string): RawResponse {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const [first = "", ...lines] = head.split("\r\n");
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  return { status: Number(first.split(" ")[1]), headers, body: rest.join("\r\n\r\n") };
}
