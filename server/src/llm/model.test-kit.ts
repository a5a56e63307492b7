/** For tests: a scripted model server, a model that calls it, and a call with its progress as a list. */
import type { TestContext } from "node:test";
import type { ErrorCode } from "@deckhand/protocol";
import { DeckhandError } from "@deckhand/protocol";
import { startModelServer } from "./scripted/model-server.ts";
import type { ModelServer } from "./scripted/model-server.ts";
import type { Model, ModelMessage, ModelProgress, ModelReply, ModelRequest } from "./model.ts";
import { createProviderModel } from "./call/provider-model.ts";
import { providerOf } from "./providers/registry.ts";
import type { ReasoningEffort } from "@deckhand/protocol";
import { takesImages } from "./resolve/capabilities.ts";
import type { ScriptInput } from "./scripted/script.ts";
import type { ToolCalling } from "./text-tools/text-tools.ts";

export const neverAborted = new AbortController().signal;

export function requestOf(...messages: ModelMessage[]): ModelRequest {
  const parameters = { type: "object", properties: { command: { type: "string" } }, required: ["command"] };
  return {
    system: "You are an agent.",
    tools: [{ name: "run", description: "Runs a command.", parameters }],
    messages,
  };
}

export function user(text: string, imageUrls: readonly string[] = []): ModelMessage {
  return { role: "user", text, imageUrls };
}

/** Calls the model and collects its progress. */
export async function ask(
  model: Model,
  request: ModelRequest,
  signal: AbortSignal = neverAborted,
): Promise<{ readonly progress: readonly ModelProgress[]; readonly reply: ModelReply }> {
  const progress: ModelProgress[] = [];
  const answer = model.reply(request, signal);
  for (;;) {
    const next = await answer.next();
    if (next.done === true) return { progress, reply: next.value };
    progress.push(next.value);
  }
}

/** The failure of a call, and the progress before it. Throws if the model replies. */
export async function askForFailure(
  model: Model,
  request: ModelRequest,
): Promise<{ readonly code: ErrorCode; readonly message: string; readonly progress: readonly ModelProgress[] }> {
  const progress: ModelProgress[] = [];
  try {
    const answer = model.reply(request, neverAborted);
    for (;;) {
      const next = await answer.next();
      if (next.done === true) break;
      progress.push(next.value);
    }
  } catch (error) {
    if (!(error instanceof DeckhandError)) throw error;
    return { code: error.code, message: error.message, progress };
  }
  throw new Error("The model replied instead of failing.");
}

export async function serveScript(t: TestContext, script: ScriptInput): Promise<ModelServer> {
  const server = await startModelServer({ script });
  t.after(() => server.close());
  return server;
}

export interface ModelOptions {
  /** The prefix of the provider. */
  readonly kind?: string;
  readonly model?: string;
  readonly retries?: number;
  readonly timeoutMs?: number;
  readonly apiKey?: string;
  readonly toolCalling?: ToolCalling;
  readonly extra?: Readonly<Record<string, string>>;
  readonly reasoningEffort?: ReasoningEffort;
}

/** Waits between retries are as short as possible. */
export function modelOf(
  server: { readonly url: string },
  {
    kind = "compatible",
    model = "test-model",
    retries = 0,
    timeoutMs = 60_000,
    apiKey = "the-secret-key",
    toolCalling = "auto",
    extra = {},
    reasoningEffort,
  }: ModelOptions = {},
): Model {
  const baseUrl = server.url;
  const provider = providerOf(kind);
  if (provider === undefined) throw new Error(`Unknown provider ${kind}.`);
  const pricing = { provider: provider.priceListId, model, baseUrl, isFree: false };
  const address = {
    provider,
    label: "The test's provider",
    pricing,
    model,
    baseUrl,
    apiKey,
    extra,
    keyNames: "LLM_API_KEY",
  };
  return createProviderModel(
    model,
    address,
    { retries, timeoutMs, random: () => 0, fetch: globalThis.fetch },
    { takesImages: takesImages(model), toolCalling, reasoningEffort },
  );
}

/** The reply as a message, after a round trip through JSON like in the log, and the results of its calls. */
export function afterReply(reply: ModelReply, isError = false): ModelMessage[] {
  const parts = (JSON.parse(JSON.stringify(reply)) as ModelReply).parts;
  const results = parts.flatMap((part) =>
    part.type === "call" ? [{ call: part.id, name: part.name, content: `result of ${part.id}`, isError }] : [],
  );
  const messages: ModelMessage[] = [{ role: "assistant", parts }];
  if (results.length > 0) messages.push({ role: "tool", results });
  return messages;
}
