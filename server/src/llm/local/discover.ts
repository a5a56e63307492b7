/** Model servers on this machine: Ollama, LM Studio, llama.cpp and vLLM on their usual ports. */
import { z } from "zod";
import type { Provider } from "../providers/provider.ts";
import { defaultLocalServers } from "../providers/registry.ts";

export interface LocalServer {
  /** As in `ollama/qwen3`. */
  readonly prefix: string;
  readonly label: string;
  readonly baseUrl: string;
  /** The models that can chat; at least one. */
  readonly models: readonly string[];
}

export interface DiscoverOptions {
  readonly fetch: typeof globalThis.fetch;
  /** Where to look; the usual ports by default. */
  readonly servers?: readonly { readonly prefix: string; readonly label: string; readonly url: string }[] | undefined;
  readonly timeoutMs?: number | undefined;
}

/**
 * A closed port refuses at once, so this is only waited for where something listens. A model server on a busy machine,
 * or one that is just loading a model, needs more than a moment to list its models.
 */
const discoverTimeoutMs = 2_000;
/** Anything may listen on these ports: no more than this is read of an answer. */
const maxAnswerChars = 1_000_000;

const tokens = z.number().int().positive().optional().catch(undefined);
/** Includes the names that vLLM, OpenRouter and llama.cpp use for the context window. */
const modelList = z.object({
  object: z.literal("list").optional(),
  data: z.array(
    z.object({
      id: z.string().min(1),
      max_model_len: tokens,
      context_length: tokens,
      meta: z.object({ n_ctx: tokens, n_ctx_train: tokens }).nullish().catch(undefined),
    }),
  ),
});

/** Contacts all servers at once; returns those that answer with models, in the order given. */
export async function discover({
  fetch,
  servers = defaultLocalServers,
  timeoutMs = discoverTimeoutMs,
}: DiscoverOptions): Promise<readonly LocalServer[]> {
  const found = await Promise.all(
    servers.map(async ({ prefix, label, url }): Promise<LocalServer[]> => {
      const models = await listModels({ fetch, baseUrl: url, apiKey: undefined, timeoutMs }).catch(() => []);
      return models.length === 0 ? [] : [{ prefix, label, baseUrl: url, models }];
    }),
  );
  return found.flat();
}

export interface ListOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly timeoutMs: number;
}

/** The ids of a server's chat models, in its order. Fails if it is not an OpenAI-compatible server. */
export async function listModels(options: ListOptions): Promise<readonly string[]> {
  const { object, data } = await fetchModelList(options);
  if (object === undefined) throw new Error("The answer is not a list of models.");
  // Servers also list their models for search and speech.
  return data.map(({ id }) => id).filter((id) => !/embed|rerank|whisper|tts|(^|[-/])bge-/i.test(id));
}

/** The context window in the server's list of models; null if the list does not include it. */
export async function servedContextTokens(model: string, options: ListOptions): Promise<number | null> {
  const list = await fetchModelList(options).catch(() => undefined);
  const served = list?.data.find(({ id }) => id === model);
  return served?.max_model_len ?? served?.context_length ?? served?.meta?.n_ctx ?? served?.meta?.n_ctx_train ?? null;
}

/** The context window that a loaded model was given, from the server's own API; null if it is not loaded. */
export async function loadedContextTokens(
  model: string,
  options: ListOptions & NonNullable<Provider["loadedModels"]>,
): Promise<number | null> {
  const { path, contextTokens, baseUrl } = options;
  const answer = await fetchJson(new URL(path, baseUrl).href, options).catch(() => undefined);
  try {
    const size = contextTokens(answer, model);
    return typeof size === "number" && size >= minContextTokens ? size : null;
  } catch {
    // Another kind of server answers in another shape.
    return null;
  }
}

/**
 * A smaller context window has no room for work, which the model check reports; compacting to fit it would take a
 * summary at every step.
 */
const minContextTokens = 8_000;

async function fetchModelList(options: ListOptions): Promise<z.infer<typeof modelList>> {
  return modelList.parse(await fetchJson(`${options.baseUrl.replace(/\/+$/, "")}/models`, options));
}

async function fetchJson(url: string, { fetch, apiKey, timeoutMs }: Omit<ListOptions, "baseUrl">): Promise<unknown> {
  const response = await fetch(url, {
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`${response.status} from ${new URL(url).origin}`);
  }
  return JSON.parse(await readBounded(response));
}

async function readBounded(response: Response): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > maxAnswerChars) throw new Error("The answer is too long for a list of models.");
  }
  return text;
}
