/** From a name to a model: what is configured, chosen, or found on this machine; `demo` when there is nothing. */
import { DeckhandError, type ModelList, type ReasoningEffort } from "@deckhand/protocol";
import { capabilitiesOf } from "./capabilities.ts";
import { contextTokensOf } from "./context-tokens.ts";
import { demoModel } from "../scripted/demo-model.ts";
import type { DiscoverOptions } from "../local/discover.ts";
import { noEntries, type ModelEntry, type ReadEntries } from "./entries.ts";
import { Outages, withFallback } from "../fallback.ts";
import { listOf } from "./list.ts";
import { createLocalServers } from "../local/local-servers.ts";
import type { Model, ModelChoice, ModelFinder } from "../model.ts";
import { loadProvider, createProviderModel } from "../call/provider-model.ts";
import type { CallLimits } from "../call/provider-model.ts";
import type { ToolCalling } from "../text-tools/text-tools.ts";
import { compatible } from "../providers/adapters/compatible.ts";
import { plainUrl } from "../failures/model-failure.ts";
import { atBaseUrl, elsewhere, resolveModel, withScopedKey, type ResolvedModel } from "./resolve.ts";
import type { Env, ModelAddress } from "../providers/provider.ts";
import { scriptedModel } from "../scripted/scripted-model.ts";

/** What may change while the server runs. */
export interface ModelSettings {
  readonly configured: ModelChoice;
  /** Where the providers' own variables are looked for. */
  readonly env: Env;
  /** Asked in this order when the configured model cannot be reached. */
  readonly fallback?: readonly string[];
  /** For titles and summaries. */
  readonly small?: string | undefined;
  readonly reasoningEffort?: ReasoningEffort | undefined;
  /** What every model can read; what is known of it by default. */
  readonly contextTokens?: number | undefined;
  /** Whether models call tools by themselves or are told of them in words; tried out by default. */
  readonly toolCalling?: ToolCalling;
}

export interface ModelsOptions {
  /** Is asked each time, so that what is saved meanwhile counts from the next call on. */
  readonly settings: () => ModelSettings;
  readonly retries: number;
  readonly timeoutMs: number;
  /** Look for a model server on this machine when no model is configured. */
  readonly discover: boolean;
  /** Models of one's own; none by default. */
  readonly entries?: ReadEntries;
  readonly random?: () => number;
  readonly fetch?: typeof globalThis.fetch;
  /** In milliseconds, for how long a model is taken to be out; the monotonic clock by default. */
  readonly now?: () => number;
  /** Where to look; the usual ports by default. */
  readonly localServers?: DiscoverOptions["servers"];
}

export interface Models {
  readonly find: ModelFinder;
  /** Nobody stands in for it: to try it out. */
  readonly findWithoutFallback: ModelFinder;
  /** What an empty choice gives. Asks nobody but servers on this machine. */
  describe(): Promise<{ readonly name: string; readonly demo: boolean }>;
  /** Names that can be chosen, best first. */
  names(): Promise<readonly string[]>;
  /** The same with what is known of each, and the providers. */
  list(): Promise<ModelList>;
  /** Loads what the first call will need, in the background. */
  warmUp(): void;
}

/** Models kept with their connections and conversions; clients can name any number. */
const keptModels = 100;

export function createModels(options: ModelsOptions): Models {
  const { settings, entries: readEntries = noEntries, now = () => performance.now() } = options;
  const calls: CallLimits = {
    retries: options.retries,
    timeoutMs: options.timeoutMs,
    random: options.random ?? Math.random,
    fetch: options.fetch ?? globalThis.fetch,
  };
  const outages = new Outages(now);
  const models = new Map<string, Model>();
  const { localServers, firstModel, knownFirst } = createLocalServers(calls.fetch, options);

  async function find(chosen: ModelChoice): Promise<Model> {
    const { configured, fallback = [], small } = settings();
    const choice = withScopedKey(chosen, { configured, entries: await readEntries() });
    // Who chose a model, an address or a key is asked nowhere else.
    if (!isConfigured(choice)) return await single(choice);
    const others = fallback.filter((name) => name !== settings().configured.name);
    const first = await single(choice, others.length > 0);
    if (first.isScript === true) return first;
    const findOther = (name: string, isLast: boolean) => single(besides(name), !isLast);
    const model = others.length === 0 ? first : withFallback({ first, others, find: findOther, outages });
    return small ? { ...model, small: () => smaller(small, model) } : model;
  }

  /** One that is not configured leaves its work to the model itself. */
  async function smaller(name: string, model: Model): Promise<Model> {
    return await single(besides(name)).catch((error: unknown) => {
      if (!(error instanceof DeckhandError)) throw error;
      return model;
    });
  }

  function isConfigured({ name, apiKey, baseUrl }: ModelChoice): boolean {
    return !apiKey && !baseUrl && (!name || name === settings().configured.name);
  }

  interface Wanted {
    readonly choice: ModelChoice;
    readonly configured: ModelChoice;
  }

  function besides(name: string): Wanted {
    return { choice: { name }, configured: elsewhere(name, settings().configured) };
  }

  async function nameOf({ choice, configured }: Wanted): Promise<ResolvedModel> {
    return resolveModel({ choice, configured, env: settings().env, entries: await readEntries() });
  }

  async function single(chosen: ModelChoice | Wanted, hasFallback = false): Promise<Model> {
    const wanted = "choice" in chosen ? chosen : { choice: chosen, configured: settings().configured };
    const named = await nameOf(wanted);
    const limits = { ...calls, hasFallback };
    const effort = wanted.choice.reasoningEffort ?? settings().reasoningEffort;
    switch (named.kind) {
      case "demo":
        return demoModel;
      case "scripted":
        return await keep(`scripted ${named.path}`, () => scriptedModel(named.path, limits));
      case "discover": {
        const here = await foundHere();
        return here === undefined ? demoModel : await keepAddress({ ...here, limits, effort });
      }
      case "address": {
        const model = named.address.model || (await firstModel(named.address));
        const name = wanted.choice.name || wanted.configured.name || model;
        return await keepAddress({ name, address: { ...named.address, model }, entry: named.entry, limits, effort });
      }
    }
  }

  async function foundHere(): Promise<{ name: string; address: ModelAddress; entry: undefined } | undefined> {
    const [server] = await localServers();
    const [model] = server?.models ?? [];
    if (server === undefined || model === undefined) return undefined;
    const name = `${server.prefix}/${model}`;
    return { name, address: atBaseUrl(name, server.baseUrl, settings().configured.apiKey), entry: undefined };
  }

  interface Kept {
    readonly name: string;
    readonly address: ModelAddress;
    readonly entry: ModelEntry | undefined;
    readonly limits: CallLimits;
    readonly effort: ReasoningEffort | undefined;
  }

  async function keepAddress({ name, address, entry, limits, effort }: Kept): Promise<Model> {
    const { contextTokens: configured, toolCalling = "auto" } = settings();
    const { provider, ...where } = address;
    const key = JSON.stringify([
      [name, provider.prefixes[0], where, entry],
      [limits.hasFallback, effort, configured, toolCalling],
    ]);
    const contextTokens = async () =>
      entry?.context_tokens ?? (await contextTokensOf(address, { configured, fetch: calls.fetch }));
    const model = await keep(key, async () => {
      const known = await capabilitiesOf(address, entry);
      const declared = entry?.tools === undefined ? toolCalling : entry.tools ? "native" : "text";
      const told = entry?.reasoning === undefined ? address : { ...address, thinks: entry.reasoning };
      return createProviderModel(name, told, limits, {
        takesImages: known.images,
        contextTokens: await contextTokens(),
        maxOutputTokens: known.max_output_tokens,
        reasoningEffort: known.reasoning === false ? undefined : effort,
        toolCalling: toolCalling === "auto" ? declared : toolCalling,
      });
    });
    if (model.contextTokens !== null || provider.loadedModels === undefined) return model;
    // It may have been loaded since, with the first call.
    const said = await contextTokens();
    if (said === null) return model;
    const known = { ...model, contextTokens: said };
    models.set(key, known);
    return known;
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
    const { name, baseUrl } = settings().configured;
    if (name) return { name, demo: name === demoModel.name };
    if (baseUrl) return { name: knownFirst(baseUrl) ?? `the first model of ${plainUrl(baseUrl)}`, demo: false };
    const here = await foundHere();
    return { name: here?.name ?? demoModel.name, demo: here === undefined };
  }

  async function names(): Promise<readonly string[]> {
    const { configured, fallback = [], small } = settings();
    // With a base URL every name means a model there.
    const servers = configured.baseUrl ? [] : await localServers();
    const local = servers.flatMap(({ prefix, models: ids }) => ids.map((id) => `${prefix}/${id}`));
    const own = await readEntries().then(
      (entries) => entries.map((entry) => entry.name),
      () => [],
    );
    const { name } = await describe();
    return [...new Set([name, ...own, ...fallback, ...(small ? [small] : []), ...local, demoModel.name])];
  }

  async function list(): Promise<ModelList> {
    const { configured, env } = settings();
    const all = await names();
    const servers = await localServers();
    return listOf(all, { configured, env, servers, entries: await readEntries().catch(() => []) });
  }

  async function warm(): Promise<void> {
    const named = await nameOf({ choice: {}, configured: settings().configured });
    if (named.kind === "address") {
      await loadProvider(named.address.provider);
      if (named.address.model === "") await firstModel(named.address);
    } else if (named.kind === "discover" && (await localServers()).length > 0) await loadProvider(compatible);
  }

  return {
    find,
    findWithoutFallback: (choice) => single(choice),
    describe,
    names,
    list,
    warmUp: () => void warm().catch(() => {}),
  };
}
