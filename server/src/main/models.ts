import { join } from "node:path";
import { entriesFile } from "../llm/resolve/entries.ts";
import { createModels } from "../llm/resolve/models.ts";
import type { Settings } from "../settings/settings.ts";

type Models = ReturnType<typeof createModels>;

/** The models of the current settings: built on the first call, and again on the first call after a change. */
export function currentModels(settings: Settings): () => Models {
  let models: Models | undefined;
  settings.onChange(() => {
    models = undefined;
  });
  return () => (models ??= configuredModels(settings));
}

export function configuredModels({ config, providerEnvironment }: Settings): Models {
  const { model } = config;
  return createModels({
    settings: () => ({
      configured: {
        ...(model.name === undefined ? {} : { name: model.name }),
        ...(model.apiKey === undefined ? {} : { apiKey: model.apiKey }),
        ...(model.baseUrl === undefined ? {} : { baseUrl: model.baseUrl }),
      },
      env: providerEnvironment,
      fallback: model.fallbacks,
      small: model.smallModel,
      reasoningEffort: model.reasoningEffort,
      contextTokens: model.contextTokens,
      toolCalling: model.nativeToolCalling === undefined ? "auto" : model.nativeToolCalling ? "native" : "text",
    }),
    entries: entriesFile(join(config.server.home, "models.json")),
    retries: model.retries,
    timeoutMs: model.timeoutSeconds * 1000,
    discover: model.discover,
  });
}
