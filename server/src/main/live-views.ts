/** Views of the settings whose fields are read again at each access, so that changes apply to running conversations. */
import type { Limits } from "../agent/limits.ts";
import type { Config } from "../config/config.ts";
import type { Settings } from "../settings/settings.ts";

export function limitsOf({ limits }: Pick<Config, "limits">): Limits {
  const { maxSteps, maxCostUsd = Infinity, maxTokens = Infinity, maxSeconds = Infinity } = limits;
  return { maxSteps, maxCostUsd, maxTokens, maxSeconds };
}

export function liveLimits(settings: Settings): Limits {
  return {
    get maxSteps() {
      return limitsOf(settings.config).maxSteps;
    },
    get maxCostUsd() {
      return limitsOf(settings.config).maxCostUsd;
    },
    get maxTokens() {
      return limitsOf(settings.config).maxTokens;
    },
    get maxSeconds() {
      return limitsOf(settings.config).maxSeconds;
    },
  };
}

export function liveApproval(settings: Settings): {
  readonly policy: Config["approval"]["policy"];
  readonly seconds: number;
  readonly sandboxed: boolean;
} {
  return {
    get policy() {
      return settings.config.approval.policy;
    },
    get seconds() {
      return settings.config.approval.seconds;
    },
    sandboxed: settings.config.sandbox.runtime !== "host",
  };
}
