/** One connection to an MCP server: connect, list tools, call them. The SDK implements the protocol. */
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
import { toToolList, type ServedTool, type ToolList } from "./tool-list.ts";

export interface SessionOptions {
  readonly server: McpServer;
  readonly start: (server: Extract<McpServer, { command: string }>) => Program;
  readonly log: (line: string) => void;
  /** Used if the server requires a login; without it, the error says what to do. */
  readonly login?: OAuthClientProvider | undefined;
  /** The connection was lost, for the given reason. */
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
/** For ending the session at the server when we disconnect. */
const terminateMs = 300;
/** A tool list is paged. */
const maxPages = 20;

/** Fails with a `DeckhandError` that says why; no process or connection is left behind. */
export async function openSession(options: SessionOptions, signal: AbortSignal): Promise<Session> {
  const { server, onGone } = options;
  const timeout = (server.start_seconds ?? defaultStartSeconds) * 1000;
  // Output schemas are ignored: a validator would be compiled from untrusted input.
  const client = new Client(
    { name: "deckhand", version: "1" },
    { jsonSchemaValidator: { getValidator: () => acceptAnything } },
  );
  const transport = transportOf(options);
  let isOpen = false;
  let isGone = false;
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the SDK's client is not an event target
  client.onclose = () => {
    isGone = true;
    if (isOpen) onGone(lostReason(transport));
  };
  // Invalid messages and reopened streams are not worth reporting.
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- as above
  client.onerror = () => {};
  try {
    const until = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
    const request = { timeout, signal: until };
    await client.connect(transport, request);
    const list = async (): Promise<ToolList> => toToolList(await allTools(client, request), server.tools);
    const tools = await list();
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      allTools(client, { timeout }).then(
        (served) => options.onTools(toToolList(served, server.tools)),
        () => {},
      );
    });
    if (isGone) throw new DeckhandError("mcp_unavailable", lostReason(transport));
    isOpen = true;
    return {
      tools,
      close: () => closeSession(client, transport),
      call: (tool, args, stop) => call(client, server, { tool, args }, stop),
    };
  } catch (error) {
    await client.close().catch(() => {});
    signal.throwIfAborted();
    throw asDeckhandError(error, transport, `The server did not answer within ${timeout / 1000} seconds of its start.`);
  }
}

export const loginSentence = "The server requires a login.";

const acceptAnything = (input: unknown): never => ({ valid: true, data: input, errorMessage: undefined }) as never;

function transportOf({ server, start, log, login }: SessionOptions): ProgramTransport | StreamableHTTPClientTransport {
  if ("command" in server) return new ProgramTransport({ start: () => start(server), log });
  return new StreamableHTTPClientTransport(new URL(server.url), {
    fetch: guardedFetch(server.url),
    ...(login === undefined ? {} : { authProvider: login }),
    ...(server.headers === undefined ? {} : { requestInit: { headers: server.headers } }),
    // A stream that ends is reopened twice; after that the server counts as disconnected.
    reconnectionOptions: {
      initialReconnectionDelay: 1000,
      maxReconnectionDelay: 10_000,
      reconnectionDelayGrowFactor: 2,
      maxRetries: 2,
    },
  });
}

/** Ends the session at a remote server so that it can free its resources, without delaying a shutdown. */
async function closeSession(client: Client, transport: ReturnType<typeof transportOf>): Promise<void> {
  if (transport instanceof StreamableHTTPClientTransport) {
    const terminated = transport.terminateSession().catch(() => {});
    await Promise.race([terminated, wait(terminateMs, undefined, { ref: false })]);
  }
  await client.close();
}

interface RequestOptions {
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

async function allTools(client: Client, options: RequestOptions): Promise<readonly ServedTool[]> {
  if (client.getServerCapabilities()?.tools === undefined) return [];
  const tools: ServedTool[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
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
    throw asDeckhandError(
      error,
      undefined,
      `The tool did not answer within ${seconds} seconds. It may still be running.`,
    );
  }
}

function asDeckhandError(
  error: unknown,
  transport: ReturnType<typeof transportOf> | undefined,
  timeoutMessage: string,
): DeckhandError {
  if (error instanceof DeckhandError) return error;
  if (error instanceof UnauthorizedError) return new DeckhandError("mcp_unavailable", loginSentence);
  if (error instanceof StreamableHTTPError) return new DeckhandError("mcp_unavailable", statusSentence(error.code));
  if (error instanceof DOMException && error.name === "TimeoutError")
    return new DeckhandError("mcp_timeout", timeoutMessage);
  if (!(error instanceof McpError)) {
    const why = transport instanceof ProgramTransport ? transport.exitReason : "The server cannot be reached.";
    return new DeckhandError("mcp_unavailable", why, { cause: error });
  }
  if (error.code === (McpCode.RequestTimeout as number)) return new DeckhandError("mcp_timeout", timeoutMessage);
  if (error.code === (McpCode.ConnectionClosed as number)) {
    return new DeckhandError(
      "mcp_unavailable",
      transport === undefined ? "The server has exited." : lostReason(transport),
    );
  }
  return new DeckhandError("mcp_failed", `The server returned an error: ${error.message.slice(0, 1000)}`);
}

function statusSentence(status: number | undefined): string {
  if (status === 401 || status === 403)
    return `The server denied access (status ${status}). Check its headers, or add it in the settings to log in.`;
  return status === undefined ? "The server cannot be reached." : `The server answered with status ${status}.`;
}

function lostReason(transport: ReturnType<typeof transportOf>): string {
  return transport instanceof ProgramTransport ? transport.exitReason : "The connection was closed.";
}
