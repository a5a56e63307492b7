/**
 * Merges the layers `defaults < saved settings < environment < flags`, value by value, and records where each value
 * comes from. Two rules concern more than one value:
 *
 * - A model's name, base URL and key belong together. If the environment or a flag sets the name or the URL, the saved
 *   name and URL are ignored; and a key from the environment is never sent to a saved URL.
 * - If saved approvals, hooks or network settings cannot be read, the strictest value applies.
 */
import { homedir } from "node:os";
import { join } from "node:path";
import type { ServerSettings } from "@deckhand/protocol";
import { options, type Config, type NamedOption } from "./config.ts";
import { variableFor, type Environment } from "./environment.ts";
import type { DefaultContext } from "./option.ts";

export type Source =
  | { readonly type: "default" | "saved" | "fail_closed" }
  | { readonly type: "environment"; readonly variable: string }
  | { readonly type: "flag"; readonly flag: string };

export interface Layers {
  readonly environment: Environment;
  /** By the option's name. */
  readonly flags?: Flags;
  readonly saved?: ServerSettings;
  /** Whether what was saved in this section is unknown. */
  readonly isUnreadable?: (section: keyof ServerSettings) => boolean;
}

/** `{ "server.port": { flag: "--port", text: "0" } }` */
export type Flags = Readonly<Record<string, { readonly flag: string; readonly text: string }>>;

export interface ResolvedConfig {
  readonly config: Config;
  /** By the option's name. */
  readonly sources: ReadonlyMap<string, Source>;
}

interface Resolved {
  readonly value: unknown;
  readonly source: Source;
}

/** Fails with an `Error` that lists every invalid value: where it is set, the value itself, and what is allowed. */
export function resolveConfig({
  environment,
  flags = {},
  saved = {},
  isUnreadable = () => false,
}: Layers): ResolvedConfig {
  const given = parseGiven(environment, flags);
  const usableSaved = withoutShadowedModel(saved, given);
  const context = defaultContext(environment, given);
  const resolved = new Map<string, Resolved>(
    options.map((option) => [
      option.name,
      given.get(option.name) ?? savedValue(option, usableSaved) ?? defaultValue(option, context),
    ]),
  );
  keepKeyWithUrl(resolved, usableSaved);
  failClosed(resolved, given, isUnreadable);
  return {
    config: configOf(resolved),
    sources: new Map([...resolved].map(([name, { source }]) => [name, source])),
  };
}

function parseGiven(environment: Environment, flags: Flags): ReadonlyMap<string, Resolved> {
  const unknown = Object.entries(flags).filter(([name]) => !options.some((option) => option.name === name));
  const problems = unknown.map(([name, { flag }]) => `  ${flag}: unknown option "${name}".`);
  const given = new Map<string, Resolved>();
  for (const option of options) {
    const found = givenText(option, environment, flags);
    if (found === undefined) continue;
    const { type } = option;
    const value = type.parse(found.text);
    if (value !== undefined) given.set(option.name, { value, source: found.source });
    else {
      const shown = type.isSecret === true ? "" : `"${found.text}" is not valid; `;
      problems.push(`  ${found.setBy}: ${shown}expected ${type.expected}.`);
    }
  }
  if (problems.length > 0) throw new Error(`Invalid configuration:\n${problems.join("\n")}`);
  return given;
}

function givenText(
  option: NamedOption,
  environment: Environment,
  flags: Flags,
): { readonly text: string; readonly setBy: string; readonly source: Source } | undefined {
  const flag = Object.hasOwn(flags, option.name) ? flags[option.name] : undefined;
  if (flag !== undefined) return { text: flag.text, setBy: flag.flag, source: { type: "flag", flag: flag.flag } };
  const variable = variableFor(option, environment);
  if (variable === undefined) return undefined;
  return { text: environment[variable] ?? "", setBy: variable, source: { type: "environment", variable } };
}

function savedValue({ saved: read }: NamedOption, saved: ServerSettings): Resolved | undefined {
  const value = read?.(saved);
  return value === undefined ? undefined : { value, source: { type: "saved" } };
}

function defaultValue(option: NamedOption, context: DefaultContext): Resolved {
  const value: unknown = typeof option.default === "function" ? option.default(context) : option.default;
  return { value, source: { type: "default" } };
}

function defaultContext(environment: Environment, given: ReadonlyMap<string, Resolved>): DefaultContext {
  const dataHome = environment["XDG_DATA_HOME"] || join(homedir(), ".local", "share");
  const home = given.get("server.home")?.value;
  return { dataHome, home: typeof home === "string" ? home : join(dataHome, "deckhand") };
}

function withoutShadowedModel(saved: ServerSettings, given: ReadonlyMap<string, Resolved>): ServerSettings {
  if (!given.has("model.name") && !given.has("model.base_url")) return saved;
  const { name: _name, base_url: _baseUrl, ...rest } = saved.model ?? {};
  return { ...saved, model: rest };
}

function keepKeyWithUrl(resolved: Map<string, Resolved>, saved: ServerSettings): void {
  const url = saved.model?.base_url;
  if (url === undefined) return;
  const value = saved.keys?.[new URL(url).origin];
  resolved.set("model.api_key", { value, source: { type: value === undefined ? "default" : "saved" } });
}

function failClosed(
  resolved: Map<string, Resolved>,
  given: ReadonlyMap<string, Resolved>,
  isUnreadable: (section: keyof ServerSettings) => boolean,
): void {
  const source = { type: "fail_closed" } as const;
  // A user who disables approvals may rely on hooks to block actions: unreadable hooks override even the environment.
  if (isUnreadable("hooks") || (isUnreadable("approval") && !given.has("approval.policy"))) {
    resolved.set("approval.policy", { value: "always", source });
  }
  if (isUnreadable("network") && !given.has("network.policy")) resolved.set("network.policy", { value: "off", source });
}

/** The cast is sound because `options` and `Config` are derived from the same sections. */
function configOf(resolved: ReadonlyMap<string, Resolved>): Config {
  const config: Record<string, Record<string, unknown>> = {};
  for (const { section, key, name } of options) (config[section] ??= {})[key] = resolved.get(name)?.value;
  return config as unknown as Config;
}
