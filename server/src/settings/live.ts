/** What other parts look at each time that they need it: it is as the settings are now. */
import type { Config } from "../config/config.ts";
import type { Settings } from "./settings.ts";

export function liveLimits(settings: Settings): Pick<Config, "maxSteps" | "maxCostUsd" | "maxTokens" | "maxSeconds"> {
  return {
    get maxSteps() {
      return settings.config.maxSteps;
    },
    get maxCostUsd() {
      return settings.config.maxCostUsd;
    },
    get maxTokens() {
      return settings.config.maxTokens;
    },
    get maxSeconds() {
      return settings.config.maxSeconds;
    },
  };
}

export function liveApproval(settings: Settings): {
  readonly policy: Config["approvalPolicy"];
  readonly seconds: number;
  readonly sandboxed: boolean;
} {
  return {
    get policy() {
      return settings.config.approvalPolicy;
    },
    get seconds() {
      return settings.config.approvalSeconds;
    },
    sandboxed: settings.config.runtime !== "host",
  };
}

/** An object of functions that is made anew at the first call after a change. */
export function following<T extends object>(settings: Settings, make: () => T): T {
  let made: T | undefined;
  settings.onChange(() => {
    made = undefined;
  });
  const current = (): T => (made ??= make());
  return new Proxy({} as T, {
    get: (_, name) => {
      // Whoever awaits it, or prints it, gets the object itself.
      if (name === "then" || typeof name === "symbol") return undefined;
      return (...args: readonly unknown[]): unknown =>
        Reflect.apply(Reflect.get(current(), name) as () => unknown, undefined, args);
    },
  });
}
