/** From a resolved model to one that can be called; connections and converted prompts are cached with it. */
import { createProviderModel, type CallLimits } from "../call/provider-model.ts";
import type { LocalServer } from "../local/discover.ts";
import type { LocalServers } from "../local/local-servers.ts";
import type { Model } from "../model.ts";
import { demoModel } from "../scripted/demo-model.ts";
import { scriptedModel } from "../scripted/scripted-model.ts";
import type { ToolCalling } from "../text-tools/text-tools.ts";
import { baseUrlAddress } from "./address.ts";
import { capabilitiesOf } from "./capabilities.ts";
import { contextTokensOf } from "./context-tokens.ts";
import type { ProviderModel, ResolvedModel } from "./resolve.ts";

export interface ConnectOptions {
  /** Another model is ready to take over, so long waits are not worth it. */
  readonly hasFallback?: boolean;
  /** The context window of every model; looked up by default. */
  readonly contextTokens?: number | undefined;
  readonly toolCalling?: ToolCalling | undefined;
}

export type Connect = (resolved: ResolvedModel, options: ConnectOptions) => Promise<Model>;

/** Clients can name any number of models. */
const maxCachedModels = 100;

export function createConnect(limits: CallLimits, localServers: LocalServers, lookupTimeoutMs?: number): Connect {
  const models = new Map<string, Model>();

  async function connect(resolved: ResolvedModel, options: ConnectOptions): Promise<Model> {
    switch (resolved.type) {
      case "demo":
        return demoModel;
      case "scripted": {
        const { path } = resolved;
        return await cached(`scripted ${path}`, () => scriptedModel(path, limits));
      }
      case "local": {
        const found = firstLocalModel(await localServers.list());
        if (found === undefined) return demoModel;
        const address = baseUrlAddress(found.name, found.baseUrl, resolved.apiKey);
        return await connectTo({ ...resolved, type: "provider", name: found.name, address, entry: undefined }, options);
      }
      case "provider": {
        const model = resolved.address.model || (await localServers.firstModel(resolved.address));
        const address = { ...resolved.address, model };
        return await connectTo({ ...resolved, name: resolved.name || model, address }, options);
      }
    }
  }

  async function connectTo(resolved: ProviderModel, options: ConnectOptions): Promise<Model> {
    const { name, address, entry, effort } = resolved;
    const { hasFallback = false, contextTokens: configured, toolCalling = "auto" } = options;
    const { provider, ...where } = address;
    const key = JSON.stringify([
      [name, provider.prefixes[0], where, entry],
      [hasFallback, effort, configured, toolCalling],
    ]);
    const contextTokens = async () =>
      entry?.context_tokens ??
      (await contextTokensOf(address, { configured, fetch: limits.fetch, timeoutMs: lookupTimeoutMs }));
    const model = await cached(key, async () =>
      createModel(resolved, { ...limits, hasFallback }, { contextTokens: await contextTokens(), toolCalling }),
    );
    if (model.contextTokens !== null || provider.loadedModels === undefined) return model;
    // The first call may have loaded the model since, and only then does its server know.
    const tokens = await contextTokens();
    if (tokens === null) return model;
    const updated = { ...model, contextTokens: tokens };
    models.set(key, updated);
    return updated;
  }

  async function cached(key: string, make: () => Promise<Model>): Promise<Model> {
    const known = models.get(key);
    if (known !== undefined) return known;
    const model = await make();
    const oldest = models.keys().next();
    if (models.size >= maxCachedModels && !oldest.done) models.delete(oldest.value);
    models.set(key, model);
    return model;
  }

  return connect;
}

/** An entry in models.json says what is not known of its model. */
async function createModel(
  { name, address, entry, effort }: ProviderModel,
  limits: CallLimits,
  { contextTokens, toolCalling }: { readonly contextTokens: number | null; readonly toolCalling: ToolCalling },
): Promise<Model> {
  const { images, reasoning, max_output_tokens: maxOutputTokens } = await capabilitiesOf(address, entry);
  const declared = entry?.tools === undefined ? toolCalling : entry.tools ? "native" : "text";
  const declaredAddress = entry?.reasoning === undefined ? address : { ...address, isReasoning: entry.reasoning };
  return createProviderModel(name, declaredAddress, limits, {
    takesImages: images,
    contextTokens,
    maxOutputTokens,
    reasoningEffort: reasoning === false ? undefined : effort,
    toolCalling: toolCalling === "auto" ? declared : toolCalling,
  });
}

export function firstLocalModel(
  servers: readonly LocalServer[],
): { readonly name: string; readonly baseUrl: string } | undefined {
  const [server] = servers;
  const [model] = server?.models ?? [];
  if (server === undefined || model === undefined) return undefined;
  return { name: `${server.prefix}/${model}`, baseUrl: server.baseUrl };
}
