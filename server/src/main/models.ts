import { join } from "node:path";
import { entriesFile } from "../llm/entries.ts";
import { findModels } from "../llm/find.ts";
import type { Settings } from "../settings/settings.ts";

export function createModels({ config, env }: Pick<Settings, "config" | "env">): ReturnType<typeof findModels> {
  return findModels({
    settings: () => ({
      configured: config.model,
      env,
      fallback: config.fallbackModels,
      small: config.smallModel,
      reasoningEffort: config.reasoningEffort,
      contextTokens: config.contextTokens,
      toolCalling: config.toolCalling,
    }),
    entries: entriesFile(join(config.home, "models.json")),
    retries: config.modelRetries,
    timeoutMs: config.modelTimeoutMs,
    discover: config.discover,
  });
}
