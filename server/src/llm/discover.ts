/** Model servers that run on this machine: Ollama, LM Studio, llama.cpp and vLLM on their usual ports. */
import { z } from "zod";
import { localServers } from "./providers/names.ts";

export interface FoundServer {
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

const modelList = z.object({ object: z.literal("list"), data: z.array(z.object({ id: z.string().min(1) })) });

/** All are asked at once; the found ones in the order in which they are named. */
export async function discover({ fetch, servers = localServers }: DiscoverOptions): Promise<readonly FoundServer[]> {
  const found = await Promise.all(
    servers.map(async ({ prefix, label, url }): Promise<FoundServer[]> => {
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
export async function listModels({ fetch, baseUrl, apiKey, timeoutMs }: ListOptions): Promise<readonly string[]> {
  const response = await fetch(`${baseUrl.replace(/\/+$/, "")}/models`, {
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`${response.status} from ${new URL(baseUrl).origin}`);
  }
  const { data } = modelList.parse(JSON.parse(await bounded(response)));
  // Servers list what they use for search and speech beside what can talk.
  return data.map(({ id }) => id).filter((id) => !/embed|rerank|whisper|tts|(^|[-/])bge-/i.test(id));
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
