/** One connection to an MCP server: it is greeted, its tools are listed, they are called. The protocol is the SDK's. */
import { setTimeout as wait } from "node:timers/promises";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { UnauthorizedError, type OAuthClientProvider } from "@modelcontextprotocol/sdk/client/auth.js";
import { StreamableHTTPClientTransport, StreamableHTTPError } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CallToolResultSchema,
  ErrorCode as McpCode,
  ListToolsResultSchema,
  McpError,
  ToolListChangedNotificationSchema,
  type CallToolResult,
} from "@modelcontextprotocol/sdk/types.js";
import { DeckhandError, type McpServer } from "@deckhand/protocol";
import type { Program } from "../programs/program.ts";
import { guardedFetch } from "./guarded-fetch.ts";
import { ProgramTransport } from "./program-transport.ts";
import { listed, type GivenTool, type ToolList } from "./tool-list.ts";

export interface SessionOptions {
  readonly server: McpServer;
  readonly start: (server: Extract<McpServer, { command: string }>) => Program;
  readonly log: (line: string) => void;
  /** Logs in where the server wants that; none: it is told what to do instead. */
  readonly login?: OAuthClientProvider | undefined;
  /** Its connection is gone, and why as far as it is known. */
  readonly onGone: (why: string) => void;
  readonly onTools: (tools: ToolList) => void;
}

export interface Session {
  readonly tools: ToolList;
  /** Fails with `mcp_timeout`, `mcp_unavailable`, `mcp_failed`, and with the signal's reason. */
  call(tool: string, args: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<CallToolResult>;
  close(): Promise<void>;
}

export const defaultStartSeconds = 10;
export const defaultCallSeconds = 60;
const goodbyeMs = 300;
/** Of a list in pages. */
const mostPages = 20;

/** Fails with a `DeckhandError` that says why; then nothing of it remains. */
export async function openSession(options: SessionOptions, signal: AbortSignal): Promise<Session> {
  const { server, onGone } = options;
  const timeout = (server.start_seconds ?? defaultStartSeconds) * 1000;
  // Output schemas are not looked at: a validator is made of what a stranger wrote.
  const client = new Client(
    { name: "deckhand", version: "1" },
    { jsonSchemaValidator: { getValidator: () => passes } },
  );
  const transport = transportOf(options);
  let isOpen = false;
  let isGone = false;
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the SDK's client is no event target
  client.onclose = () => {
    isGone = true;
    if (isOpen) onGone(whyGone(transport));
  };
  // Lines that are no messages, streams that are opened again: told to nobody.
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- as above
  client.onerror = () => {};
  try {
    const until = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
    const request = { timeout, signal: until };
    await client.connect(transport, request);
    const list = async (): Promise<ToolList> => listed(await allTools(client, request), server.tools);
    const tools = await list();
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      allTools(client, { timeout }).then(
        (given) => options.onTools(listed(given, server.tools)),
        () => {},
      );
    });
    if (isGone) throw new DeckhandError("mcp_unavailable", whyGone(transport));
    isOpen = true;
    return {
      tools,
      close: () => leave(client, transport),
      call: (tool, args, stop) => call(client, server, { tool, args }, stop),
    };
  } catch (error) {
    await client.close().catch(() => {});
    signal.throwIfAborted();
    throw asDeckhandError(error, transport, `It did not answer within ${timeout / 1000} seconds of its start.`);
  }
}

export const loginSentence = "It wants a login.";

const passes = (input: unknown): never => ({ valid: true, data: input, errorMessage: undefined }) as never;

function transportOf({ server, start, log, login }: SessionOptions): ProgramTransport | StreamableHTTPClientTransport {
  if ("command" in server) return new ProgramTransport({ start: () => start(server), log });
  return new StreamableHTTPClientTransport(new URL(server.url), {
    fetch: guardedFetch(server.url),
    ...(login === undefined ? {} : { authProvider: login }),
    ...(server.headers === undefined ? {} : { requestInit: { headers: server.headers } }),
    // A stream that ends is opened again twice, then the server counts as gone.
    reconnectionOptions: {
      initialReconnectionDelay: 1000,
      maxReconnectionDelay: 10_000,
      reconnectionDelayGrowFactor: 2,
      maxRetries: 2,
    },
  });
}

/** A server behind an address is told, so that it need not keep what it has for us; a stop does not wait for it. */
async function leave(client: Client, transport: ReturnType<typeof transportOf>): Promise<void> {
  if (transport instanceof StreamableHTTPClientTransport) {
    const told = transport.terminateSession().catch(() => {});
    await Promise.race([told, wait(goodbyeMs, undefined, { ref: false })]);
  }
  await client.close();
}

interface RequestOptions {
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

async function allTools(client: Client, options: RequestOptions): Promise<readonly GivenTool[]> {
  if (client.getServerCapabilities()?.tools === undefined) return [];
  const tools: GivenTool[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < mostPages; page += 1) {
    const params = cursor === undefined ? {} : { cursor };
    const answer = await client.request({ method: "tools/list", params }, ListToolsResultSchema, options);
    tools.push(...answer.tools);
    cursor = answer.nextCursor;
    if (cursor === undefined) break;
  }
  return tools;
}

async function call(
  client: Client,
  server: McpServer,
  { tool, args }: { readonly tool: string; readonly args: Readonly<Record<string, unknown>> },
  signal: AbortSignal,
): Promise<CallToolResult> {
  const seconds = server.call_seconds ?? defaultCallSeconds;
  const timeout = seconds * 1000;
  try {
    const params = { name: tool, arguments: { ...args } };
    return await client.request({ method: "tools/call", params }, CallToolResultSchema, {
      timeout,
      maxTotalTimeout: timeout,
      signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    throw asDeckhandError(error, undefined, `It did not answer within ${seconds} seconds. It may still be at it.`);
  }
}

function asDeckhandError(
  error: unknown,
  transport: ReturnType<typeof transportOf> | undefined,
  late: string,
): DeckhandError {
  if (error instanceof DeckhandError) return error;
  if (error instanceof UnauthorizedError) return new DeckhandError("mcp_unavailable", loginSentence);
  if (error instanceof StreamableHTTPError) return new DeckhandError("mcp_unavailable", statusSentence(error.code));
  if (error instanceof DOMException && error.name === "TimeoutError") return new DeckhandError("mcp_timeout", late);
  if (!(error instanceof McpError)) {
    const why = transport instanceof ProgramTransport ? transport.whyGone : "It cannot be reached.";
    return new DeckhandError("mcp_unavailable", why, { cause: error });
  }
  if (error.code === (McpCode.RequestTimeout as number)) return new DeckhandError("mcp_timeout", late);
  if (error.code === (McpCode.ConnectionClosed as number)) {
    return new DeckhandError("mcp_unavailable", transport === undefined ? "It has ended." : whyGone(transport));
  }
  return new DeckhandError("mcp_failed", `It answered with an error: ${error.message.slice(0, 1000)}`);
}

function statusSentence(status: number | undefined): string {
  if (status === 401 || status === 403)
    return `It does not let us in (status ${status}): check its headers, or set it in the settings to log in.`;
  return status === undefined ? "It cannot be reached." : `It answered with status ${status}.`;
}

function whyGone(transport: ReturnType<typeof transportOf>): string {
  return transport instanceof ProgramTransport ? transport.whyGone : "Its connection has ended.";
}
