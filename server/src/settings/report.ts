/** What `GET /api/settings` and `deckhand settings` show. No secret is in it. */
import { isDeepStrictEqual } from "node:util";
import { sectionNames, type SettingsOption, type SettingsReport, type SettingsSection } from "@deckhand/protocol";
import { options, type Config, type NamedOption } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import type { ResolvedConfig, Source } from "../config/resolve.ts";
import { keyVariables } from "./provider-keys.ts";

export function effectiveValues({ model, limits, approval, network }: Config): SettingsReport["effective"] {
  return {
    model: defined({ name: model.name, base_url: model.baseUrl }),
    limits: defined({
      max_steps: limits.maxSteps,
      max_cost_usd: limits.maxCostUsd,
      max_tokens: limits.maxTokens,
      max_seconds: limits.maxSeconds,
    }),
    approval: { policy: approval.policy, seconds: approval.seconds },
    network: { policy: network.policy, allow: [...network.allow] },
  };
}

/** By the names of settings: the variable or flag that overrides what is saved. */
export function overrides({ sources }: ResolvedConfig, environment: Environment): Readonly<Record<string, string>> {
  const set = options
    .filter((option) => option.saved !== undefined)
    .flatMap(({ name }) => {
      const by = setBy(sources.get(name));
      return by === undefined ? [] : [[name, by] as const];
    });
  // Either of these two hides both saved values.
  const model = set.find(([name]) => name === "model.name" || name === "model.base_url");
  const both = model === undefined ? {} : { "model.name": model[1], "model.base_url": model[1] };
  return { ...both, ...Object.fromEntries(set), ...keyVariables(environment) };
}

/** Sections with a value that differs from the one at the start and applies only after a restart. */
export function needingRestart(start: Config, now: Config): readonly SettingsSection[] {
  const changed = options.filter(
    (option) =>
      option.saved !== undefined &&
      option.live !== true &&
      !isDeepStrictEqual(configValue(start, option), configValue(now, option)),
  );
  return sectionNames.filter((section) => changed.some((option) => option.section === section));
}

export function describedOptions({ config, sources }: ResolvedConfig): readonly SettingsOption[] {
  return options.map((option) => {
    const source = sources.get(option.name) ?? { type: "default" };
    const value = configValue(config, option);
    return {
      name: option.name,
      ...defined({
        variable: option.variable,
        value: value === undefined ? undefined : option.type.format(value),
        default: option.defaultText?.replaceAll("`", ""),
        set_by: setBy(source),
      }),
      source: source.type,
      live: option.live === true,
    };
  });
}

function configValue(config: Config, { section, key }: NamedOption): unknown {
  return (config[section] as Readonly<Record<string, unknown>>)[key];
}

function setBy(source: Source | undefined): string | undefined {
  if (source?.type === "environment") return source.variable;
  return source?.type === "flag" ? source.flag : undefined;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}
