/** From a name to a model: what is configured, chosen, or found on this machine; `demo` when there is nothing. */
import { DeckhandError, type ModelInfo, type ModelList } from "@deckhand/protocol";
import { abilitiesOf } from "./abilities.ts";
import { contextTokensOf } from "./context-tokens.ts";
import { demoModel } from "./demo.ts";
import { discover, listModels } from "./discover.ts";
import type { FoundServer } from "./discover.ts";
import type { Model, ModelChoice, ModelFinder } from "./model.ts";
import { loadProvider, modelAt } from "./providers/load.ts";
import type { CallLimits } from "./providers/load.ts";
import type { ToolCalling } from "./text-tools/text-tools.ts";
import { plainUrl } from "./providers/failure.ts";
import { atBaseUrl, knownProviders, nameModel } from "./providers/names.ts";
import type { ModelAddress } from "./providers/names.ts";
import { scriptedModel } from "./scripted.ts";

export interface FindOptions {
  readonly configured: ModelChoice;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly retries: number;
  readonly timeoutMs: number;
  /** What every model can read; what is known of it by default. */
  readonly contextTokens?: number | undefined;
  /** Whether models call tools by themselves or are told of them in words; tried out by default. */
  readonly toolCalling?: ToolCalling;
  /** Look for a model server on this machine when no model is configured. */
  readonly discover: boolean;
  readonly random?: () => number;
  readonly fetch?: typeof globalThis.fetch;
  /** Where to look; the usual ports by default. */
  readonly localServers?: Parameters<typeof discover>[0]["servers"];
}

export interface Models {
  readonly find: ModelFinder;
  /** What an empty choice gives. Asks nobody but servers on this machine. */
  describe(): Promise<{ readonly name: string; readonly demo: boolean }>;
  /** Names that can be chosen, best first. */
  names(): Promise<readonly string[]>;
  /** The same with what is known of each, and the providers. */
  list(): Promise<ModelList>;
  /** Loads what the first call will need, in the background. */
  warmUp(): void;
}

/** Conversations ask again and again; what was found a moment ago still runs. */
const foundForMs = 2_000;
/** Models kept with their connections and conversions; clients can name any number. */
const keptModels = 100;
/** A server of one's own may have to wake up before it lists its models. */
const listTimeoutMs = 10_000;

export function findModels(options: FindOptions): Models {
  const { configured, env } = options;
  const limits: CallLimits = {
    retries: options.retries,
    timeoutMs: options.timeoutMs,
    random: options.random ?? Math.random,
    fetch: options.fetch ?? globalThis.fetch,
    toolCalling: options.toolCalling ?? "auto",
  };
  const models = new Map<string, Model>();
  const firstModels = new Map<string, string>();
  let found: { readonly at: number; readonly servers: Promise<readonly FoundServer[]> } | undefined;

  async function find(choice: ModelChoice): Promise<Model> {
    const named = nameModel({ choice, configured, env });
    switch (named.kind) {
      case "demo":
        return demoModel;
      case "scripted":
        return await keep(`scripted ${named.path}`, () => scriptedModel(named.path, limits));
      case "discover":
        return await foundHere();
      case "address": {
        const model = named.address.model || (await firstModel(named.address));
        const name = choice.name || configured.name || model;
        return await keepAddress(name, { ...named.address, model });
      }
    }
  }

  async function foundHere(): Promise<Model> {
    const [server] = await localServers();
    const [model] = server?.models ?? [];
    if (server === undefined || model === undefined) return demoModel;
    const name = `${server.prefix}/${model}`;
    return await keepAddress(name, atBaseUrl(name, server.baseUrl, configured.apiKey));
  }

  function localServers(): Promise<readonly FoundServer[]> {
    if (!options.discover) return Promise.resolve([]);
    if (found === undefined || performance.now() - found.at > foundForMs) {
      const where = options.localServers === undefined ? {} : { servers: options.localServers };
      found = { at: performance.now(), servers: discover({ fetch: limits.fetch, ...where }) };
    }
    return found.servers;
  }

  async function firstModel(address: ModelAddress): Promise<string> {
    const { baseUrl, apiKey } = address;
    const known = firstModels.get(baseUrl);
    if (known !== undefined) return known;
    const ids = await listModels({ fetch: limits.fetch, baseUrl, apiKey, timeoutMs: listTimeoutMs }).catch(
      (cause: unknown) => {
        const where = plainUrl(baseUrl);
        throw new DeckhandError(
          "model_not_configured",
          `${where}/models does not list its models: set LLM_MODEL, or check LLM_BASE_URL.`,
          {
            cause,
          },
        );
      },
    );
    const [first] = ids;
    if (first === undefined)
      throw new DeckhandError("model_not_configured", `${plainUrl(baseUrl)} has no model: load one, or set LLM_MODEL.`);
    if (firstModels.size < keptModels) firstModels.set(baseUrl, first);
    return first;
  }

  function keepAddress(name: string, address: ModelAddress): Promise<Model> {
    return keep(JSON.stringify([name, address]), async () => {
      const contextTokens = await contextTokensOf(address, { configured: options.contextTokens, fetch: limits.fetch });
      return modelAt(name, address, limits, { contextTokens });
    });
  }

  async function keep(key: string, make: () => Promise<Model>): Promise<Model> {
    const known = models.get(key);
    if (known !== undefined) return known;
    const model = await make();
    const oldest = models.keys().next();
    if (models.size >= keptModels && !oldest.done) models.delete(oldest.value);
    models.set(key, model);
    return model;
  }

  async function describe(): Promise<{ name: string; demo: boolean }> {
    const { name, baseUrl } = configured;
    if (name) return { name, demo: name === demoModel.name };
    if (baseUrl) return { name: firstModels.get(baseUrl) ?? `the first model of ${plainUrl(baseUrl)}`, demo: false };
    const model = await foundHere();
    return { name: model.name, demo: model === demoModel };
  }

  async function names(): Promise<readonly string[]> {
    // With a base URL every name means a model there.
    const servers = configured.baseUrl ? [] : await localServers();
    const local = servers.flatMap(({ prefix, models: ids }) => ids.map((id) => `${prefix}/${id}`));
    const { name } = await describe();
    return [...new Set([name, ...local, demoModel.name])];
  }

  async function list(): Promise<ModelList> {
    const all = await names();
    const details = await Promise.all(all.map((name, at) => infoOf(name, at === 0)));
    return { models: [...all], details, providers: await knownProviders(env, configured) };
  }

  /** Says what is known; asks nobody but servers on this machine. */
  async function infoOf(name: string, isDefault: boolean): Promise<ModelInfo> {
    const head = { name, default: isDefault, demo: name === demoModel.name };
    try {
      const named = nameModel({ choice: isDefault && name !== configured.name ? {} : { name }, configured, env });
      const at = named.kind === "discover" ? await foundAddress(name) : named.kind === "address" ? named.address : null;
      if (at !== null) return { ...head, ...(await abilitiesOf(at)) };
    } catch (error) {
      if (!(error instanceof DeckhandError)) throw error;
    }
    return { ...head, ...nothingKnown };
  }

  async function foundAddress(name: string): Promise<ModelAddress | null> {
    const server = (await localServers()).find(({ prefix }) => name.startsWith(`${prefix}/`));
    return server === undefined ? null : atBaseUrl(name, server.baseUrl, configured.apiKey);
  }

  async function warm(): Promise<void> {
    const named = nameModel({ choice: {}, configured, env });
    if (named.kind === "address") {
      await loadProvider(named.address.kind);
      if (named.address.model === "") await firstModel(named.address);
    } else if (named.kind === "discover" && (await localServers()).length > 0) await loadProvider("compatible");
  }

  return { find, describe, names, list, warmUp: () => void warm().catch(() => {}) };
}

/** Of a script, and of a model that cannot be asked as things are. */
const nothingKnown = {
  provider: "",
  local: true,
  context_tokens: null,
  max_output_tokens: null,
  tools: null,
  images: false,
  reasoning: null,
  caching: null,
  price: null,
};
