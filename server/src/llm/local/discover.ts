/** Model servers that run on this machine: Ollama, LM Studio, llama.cpp and vLLM on their usual ports. */
import { z } from "zod";
import { defaultLocalServers } from "../providers/registry.ts";
import type { Provider } from "../providers/provider.ts";

export interface LocalServer {
  /** As in `ollama/qwen3`. */
  readonly prefix: string;
  readonly label: string;
  readonly baseUrl: string;
  /** Those that can chat; at least one. */
  readonly models: readonly string[];
}

export interface DiscoverOptions {
  readonly fetch: typeof globalThis.fetch;
  /** Where to look; the usual ports by default. */
  readonly servers?: readonly { readonly prefix: string; readonly label: string; readonly url: string }[];
}

/** A server on loopback that has not answered by then is not one. */
const patienceMs = 300;
/** Anything may listen on these ports: no more than this is read of it. */
const longestAnswer = 1_000_000;

const tokens = z.number().int().positive().optional().catch(undefined);
/** With the names that vLLM, OpenRouter and llama.cpp have for what a model can read. */
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

/** All are asked at once; the found ones in the order in which they are named. */
export async function discover({
  fetch,
  servers = defaultLocalServers,
}: DiscoverOptions): Promise<readonly LocalServer[]> {
  const found = await Promise.all(
    servers.map(async ({ prefix, label, url }): Promise<LocalServer[]> => {
      const models = await listModels({ fetch, baseUrl: url, apiKey: undefined, timeoutMs: patienceMs }).catch(
        () => [],
      );
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

/** Ids of the models that a server offers for chat, in its order. Fails when it is no OpenAI-compatible server. */
export async function listModels(options: ListOptions): Promise<readonly string[]> {
  const { object, data } = await askForModels(options);
  if (object === undefined) throw new Error("That is no list of models.");
  // Servers list what they use for search and speech beside what can talk.
  return data.map(({ id }) => id).filter((id) => !/embed|rerank|whisper|tts|(^|[-/])bge-/i.test(id));
}

/** What the server says that the model can read; null where it does not say. */
export async function servedContextTokens(model: string, options: ListOptions): Promise<number | null> {
  const list = await askForModels(options).catch(() => undefined);
  const served = list?.data.find(({ id }) => id === model);
  return served?.max_model_len ?? served?.context_length ?? served?.meta?.n_ctx ?? served?.meta?.n_ctx_train ?? null;
}

/** The same from the server's own API, of a model that is loaded. */
export async function loadedContextTokens(model: string, options: ListOptions & Loaded): Promise<number | null> {
  const { path, contextTokens, baseUrl } = options;
  const answer = await askFor(new URL(path, baseUrl).href, options).catch(() => undefined);
  try {
    const said = contextTokens(answer, model);
    return typeof said === "number" && said >= leastContextTokens ? said : null;
  } catch {
    // It is another server, which answers something else.
    return null;
  }
}

type Loaded = NonNullable<Provider["loadedModels"]>;
/** With less than that there is no room for work, and a trial says so; making room in it would take a summary each step. */
const leastContextTokens = 8_000;

async function askForModels(options: ListOptions): Promise<z.infer<typeof modelList>> {
  return modelList.parse(await askFor(`${options.baseUrl.replace(/\/+$/, "")}/models`, options));
}

async function askFor(url: string, { fetch, apiKey, timeoutMs }: Omit<ListOptions, "baseUrl">): Promise<unknown> {
  const response = await fetch(url, {
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`${response.status} from ${new URL(url).origin}`);
  }
  return JSON.parse(await bounded(response));
}

async function bounded(response: Response): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > longestAnswer) throw new Error("The answer is too long for a list of models.");
  }
  return text;
}
