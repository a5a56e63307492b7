/**
 * A model provider that plays a script (script.ts) over HTTP, for tests, benchmarks and demos:
 *
 *   npm run model-server -- script.json [--port N]
 *
 * POST /v1/chat/completions   OpenAI's format, streamed or not; also, streamed only, just enough of
 *                             /v1/responses, Anthropic's /v1/messages, Gemini's :streamGenerateContent and Bedrock's converse-stream
 * GET  /v1/models             one model, `scripted`
 * GET  /requests              the last requests as JSON, for tests in other processes
 *
 * It counts the prefix that a request shares with an earlier one as cached. It listens on loopback only and ignores
 * keys.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { playScript, readScript, scriptSchema, usageOf } from "./script.ts";
import type { ScriptInput, ScriptReply } from "./script.ts";
import { anthropicWire } from "./wire/anthropic.ts";
import { bedrockWire } from "./wire/bedrock.ts";
import { chatWire } from "./wire/chat.ts";
import { googleWire } from "./wire/google.ts";
import { responsesWire } from "./wire/responses.ts";
import { PrefixCache } from "./wire/prefix-cache.ts";
import { loose } from "./wire/wire.ts";
import type { Wire, WireContext } from "./wire/wire.ts";

const wires: readonly Wire[] = [chatWire, responsesWire, anthropicWire, googleWire, bedrockWire];
/** Of recorded requests, and the bytes of their bodies: a long benchmark must not fill the memory. */
const maxRequests = 256;
const maxBytes = 32 * 1024 * 1024;

export interface RecordedRequest {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  /** As received. */
  readonly body: string;
  /** The client's address and port: the same for requests on one connection. */
  readonly connection: string;
  /** Settles when the response ends: `aborted` if the client disconnected first, `cut` if the script cut it. */
  readonly ended: Promise<"finished" | "aborted" | "cut">;
}

export interface ModelServer {
  /** The base URL, including `/v1`. */
  readonly url: string;
  readonly port: number;
  /** The latest ones, oldest first. */
  readonly requests: readonly RecordedRequest[];
  close(): Promise<void>;
}

export interface ModelServerOptions {
  readonly script: ScriptInput;
  /** 0, the default, picks a free port. */
  readonly port?: number;
}

export async function startModelServer({ script, port = 0 }: ModelServerOptions): Promise<ModelServer> {
  const play = playScript(scriptSchema.parse(script));
  const requests: RecordedRequest[] = [];
  const cache = new PrefixCache();
  let bytes = 0;

  function record(request: RecordedRequest): void {
    requests.push(request);
    bytes += request.body.length;
    while (requests.length > maxRequests || (bytes > maxBytes && requests.length > 1)) {
      bytes -= requests.shift()?.body.length ?? 0;
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    if (request.method === "GET" && path.endsWith("/models")) return sendJson(response, 200, modelList);
    if (request.method === "GET" && path === "/requests") {
      return sendJson(
        response,
        200,
        requests.map((one) => ({ path: one.path, body: parse(one.body) })),
      );
    }
    const wire = wires.find((one) => one.path.test(path));
    if (request.method !== "POST" || wire === undefined) {
      return sendJson(response, 404, { error: { message: `Unknown path ${path}.`, type: "not_found_error" } });
    }
    const text = await read(request);
    const ended = Promise.withResolvers<"finished" | "aborted" | "cut">();
    const connection = `${request.socket.remoteAddress}:${request.socket.remotePort}`;
    record({ path, headers: request.headers, body: text, connection, ended: ended.promise });
    const disconnected = new AbortController();
    let cut = false;
    response.once("close", () => {
      ended.resolve(cut ? "cut" : response.writableFinished ? "finished" : "aborted");
      disconnected.abort();
    });
    const body = loose(parse(text));
    const summary = wire.summarize(body);
    const reply = play(summary);
    const context: WireContext = {
      request: summary,
      model: typeof body["model"] === "string" ? body["model"] : "scripted",
      includeUsage: loose(body["stream_options"])["include_usage"] === true,
      usage: usageOf(reply, text.length, cache.cachedTokens(body)),
    };
    if (reply.delay_ms > 0) await wait(reply.delay_ms, undefined, { signal: disconnected.signal });
    if (reply.hang && reply.cut_after === undefined) return;
    for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value);
    if ((reply.status ?? 200) >= 400 || reply.body !== undefined) return sendRaw(response, reply, wire);
    if (wire.complete !== undefined && body["stream"] !== true)
      return sendJson(response, 200, wire.complete(reply, context));
    if (wire.contentType !== undefined) response.setHeader("content-type", wire.contentType);
    await stream(response, reply, wire.frames(reply, context), disconnected.signal, () => (cut = true));
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  // Longer than any pause between two requests of a test: a connection closed at that moment would look like a failure.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    port: address.port,
    requests,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const modelList = { object: "list", data: [{ id: "scripted", object: "model", created: 0, owned_by: "deckhand" }] };

async function stream(
  response: ServerResponse,
  reply: ScriptReply,
  frames: readonly (string | Uint8Array)[],
  signal: AbortSignal,
  onCut: () => void,
): Promise<void> {
  if (!response.hasHeader("content-type")) response.setHeader("content-type", "text/event-stream");
  response.writeHead(reply.status ?? 200);
  if (reply.chunk_ms === 0 && reply.cut_after === undefined) {
    response.end(Buffer.concat(frames.map((frame) => (typeof frame === "string" ? Buffer.from(frame) : frame))));
    return;
  }
  response.flushHeaders();
  for (const frame of frames.slice(0, reply.cut_after)) {
    await new Promise((resolve) => response.write(frame, resolve));
    if (reply.chunk_ms > 0) await wait(reply.chunk_ms, undefined, { signal });
  }
  if (reply.hang) return;
  if (reply.cut_after === undefined) {
    response.end();
    return;
  }
  onCut();
  response.destroy();
}

function sendRaw(response: ServerResponse, reply: ScriptReply, wire: Wire): void {
  const status = reply.status ?? 200;
  if (typeof reply.body !== "string") return sendJson(response, status, reply.body ?? wire.error(status));
  if (!response.hasHeader("content-type")) response.setHeader("content-type", "text/event-stream");
  response.writeHead(status).end(reply.body);
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  if (!response.hasHeader("content-type")) response.setHeader("content-type", "application/json");
  response.writeHead(status).end(JSON.stringify(body));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { port: { type: "string" } }, allowPositionals: true });
  const [path] = positionals;
  if (path === undefined) throw new Error("usage: npm run model-server -- script.json [--port N]");
  const server = await startModelServer({ script: await readScript(path), port: Number(values.port ?? 0) });
  process.stdout.write(`model server on ${server.url}\n`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.close());
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
