/** The models of a server: the configured one, those that clients choose, and what is known of each. */
import { DeckhandError, type ModelList, type ReasoningEffort } from "@deckhand/protocol";
import { loadProvider, type CallLimits } from "../call/provider-model.ts";
import { Outages, withFallback } from "../fallback.ts";
import { plainUrl } from "../failures/model-failure.ts";
import type { DiscoverOptions } from "../local/discover.ts";
import { createLocalServers } from "../local/local-servers.ts";
import type { Model, ModelChoice, ModelFinder } from "../model.ts";
import { compatible } from "../providers/adapters/compatible.ts";
import type { Env } from "../providers/provider.ts";
import { demoModel } from "../scripted/demo-model.ts";
import type { ToolCalling } from "../text-tools/text-tools.ts";
import { createConnect, firstLocalModel } from "./connect.ts";
import { noEntries, type ModelEntry, type ReadEntries } from "./entries.ts";
import { describeModels } from "./list.ts";
import { resolve, resolveAlongside, scopeKey, type ResolvedModel } from "./resolve.ts";

/** What may change while the server runs. */
export interface ModelSettings {
  readonly configured: ModelChoice;
  /** Where the providers' own variables are looked up. */
  readonly env: Env;
  /** Called in this order when the configured model is unavailable. */
  readonly fallback?: readonly string[];
  /** For titles and summaries. */
  readonly small?: string | undefined;
  readonly reasoningEffort?: ReasoningEffort | undefined;
  /** The context window of every model; looked up by default. */
  readonly contextTokens?: number | undefined;
  /** Whether tools are called natively or described in the prompt; found out by trying by default. */
  readonly toolCalling?: ToolCalling;
}

export interface ModelsOptions {
  /** Called for each request, so that a saved setting applies from the next call on. */
  readonly settings: () => ModelSettings;
  readonly retries: number;
  readonly timeoutMs: number;
  /** Look for a model server on this machine when no model is configured. */
  readonly discover: boolean;
  /** The user's own models; none by default. */
  readonly entries?: ReadEntries;
  readonly random?: () => number;
  readonly fetch?: typeof globalThis.fetch;
  /** Milliseconds of a monotonic clock, for how long an outage lasts. */
  readonly now?: () => number;
  /** Where to look; the usual ports by default. */
  readonly localServers?: DiscoverOptions["servers"];
  /** How long a server may take to say which models it has, and their context windows. */
  readonly lookupTimeoutMs?: number | undefined;
}

export interface Models {
  readonly find: ModelFinder;
  /** To test a model: no fallback takes its place. */
  readonly findWithoutFallback: ModelFinder;
  /** What an empty choice means. Contacts servers on this machine only. */
  describe(): Promise<{ readonly name: string; readonly demo: boolean }>;
  /** The names that can be chosen, the default first. */
  names(): Promise<readonly string[]>;
  /** The same with what is known of each model, and the providers. */
  list(): Promise<ModelList>;
  /** Loads in the background what the first call will need. */
  warmUp(): void;
}

type Config = ModelSettings & { readonly entries: readonly ModelEntry[] };

export function createModels(options: ModelsOptions): Models {
  const { settings, entries: readEntries = noEntries, now = () => performance.now() } = options;
  const limits: CallLimits = {
    retries: options.retries,
    timeoutMs: options.timeoutMs,
    random: options.random ?? Math.random,
    fetch: options.fetch ?? globalThis.fetch,
  };
  const outages = new Outages(now);
  const localServers = createLocalServers(limits.fetch, options);
  const connect = createConnect(limits, localServers, options.lookupTimeoutMs);

  async function readConfig(): Promise<Config> {
    return { ...settings(), entries: await readEntries() };
  }

  async function find(chosen: ModelChoice): Promise<Model> {
    const config = await readConfig();
    const { configured, fallback = [], small } = config;
    const choice = scopeKey(chosen, config);
    // Fallbacks replace the configured model, never one that the user chose for this conversation.
    if (!isConfiguredModel(choice, configured)) return await connect(resolve(choice, config), config);
    const others = fallback.filter((name) => name !== configured.name);
    const first = await connect(resolve(choice, config), { ...config, hasFallback: others.length > 0 });
    if (first.isScript === true) return first;
    const findOther = (name: string, isLast: boolean) => findAlongside(name, !isLast);
    const model = others.length === 0 ? first : withFallback({ first, others, find: findOther, outages });
    return small ? { ...model, small: () => findSmall(small, model) } : model;
  }

  async function findAlongside(name: string, hasFallback: boolean): Promise<Model> {
    const config = await readConfig();
    return await connect(resolveAlongside(name, config), { ...config, hasFallback });
  }

  /** A small model that is not usable leaves its work to the model itself. */
  async function findSmall(name: string, model: Model): Promise<Model> {
    return await findAlongside(name, false).catch((error: unknown) => {
      if (!(error instanceof DeckhandError)) throw error;
      return model;
    });
  }

  async function findWithoutFallback(choice: ModelChoice): Promise<Model> {
    const config = await readConfig();
    return await connect(resolve(choice, config), config);
  }

  async function describe(): Promise<{ name: string; demo: boolean }> {
    const { name, baseUrl } = settings().configured;
    if (name) return { name, demo: name === demoModel.name };
    if (baseUrl) {
      return { name: localServers.knownFirstModel(baseUrl) ?? `the first model of ${plainUrl(baseUrl)}`, demo: false };
    }
    const found = firstLocalModel(await localServers.list());
    return { name: found?.name ?? demoModel.name, demo: found === undefined };
  }

  async function names(): Promise<readonly string[]> {
    const { configured, fallback = [], small } = settings();
    // With a base URL, every name means a model there.
    const servers = configured.baseUrl ? [] : await localServers.list();
    const local = servers.flatMap(({ prefix, models }) => models.map((model) => `${prefix}/${model}`));
    // A broken models.json fails the calls, and says where; the rest of the list stays usable.
    const entries = await readEntries().catch(() => []);
    const { name } = await describe();
    return [
      ...new Set([
        name,
        ...entries.map((entry) => entry.name),
        ...fallback,
        ...(small ? [small] : []),
        ...local,
        demoModel.name,
      ]),
    ];
  }

  async function list(): Promise<ModelList> {
    const config = { ...settings(), entries: await readEntries().catch(() => []) };
    return await describeModels(await names(), config, await localServers.list());
  }

  async function load(resolved: ResolvedModel): Promise<void> {
    switch (resolved.type) {
      case "provider":
        await loadProvider(resolved.address.provider);
        if (resolved.address.model === "") await localServers.firstModel(resolved.address);
        return;
      case "local":
        if ((await localServers.list()).length > 0) await loadProvider(compatible);
        return;
      case "demo":
      case "scripted":
        return;
    }
  }

  async function warmUp(): Promise<void> {
    await load(resolve({}, await readConfig()));
  }

  // What is wrong fails the first call, which can report it.
  return { find, findWithoutFallback, describe, names, list, warmUp: () => void warmUp().catch(() => {}) };
}

function isConfiguredModel({ name, apiKey, baseUrl }: ModelChoice, configured: ModelChoice): boolean {
  return !apiKey && !baseUrl && (!name || name === configured.name);
}
