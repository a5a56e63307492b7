/**
 * What is saved, as variables of the environment: the environment's own go before it, and both are parsed in one place.
 * A model's name, address and key are one thing: where the environment names one of the first two, what is saved of both
 * has no effect, and a key of the environment never goes to an address that is saved.
 */
import { providerKeys, type ServerSettings, type SettingsProblem } from "@deckhand/protocol";

export type Environment = Readonly<Record<string, string | undefined>>;

interface Setting {
  readonly path: string;
  readonly variable: string;
  /** Under these names the environment says the same. */
  readonly also?: readonly string[];
  readonly value: (settings: ServerSettings) => string | number | undefined;
}

const otherNames: Readonly<Record<string, readonly string[]>> = {
  google: ["GOOGLE_GENERATIVE_AI_API_KEY", "GOOGLE_API_KEY"],
  azure: ["AZURE_OPENAI_API_KEY"],
  bedrock: ["AWS_SECRET_ACCESS_KEY"],
};

const settings: readonly Setting[] = [
  { path: "model.name", variable: "LLM_MODEL", value: ({ model }) => model?.name },
  { path: "model.base_url", variable: "LLM_BASE_URL", value: ({ model }) => model?.base_url },
  { path: "model.fallbacks", variable: "LLM_FALLBACK", value: ({ model }) => model?.fallbacks?.join(",") },
  { path: "model.small_model", variable: "LLM_SMALL_MODEL", value: ({ model }) => model?.small_model },
  { path: "model.reasoning_effort", variable: "LLM_REASONING_EFFORT", value: ({ model }) => model?.reasoning_effort },
  { path: "limits.max_steps", variable: "MAX_ITERATIONS", value: ({ limits }) => limits?.max_steps },
  { path: "limits.max_cost_usd", variable: "MAX_BUDGET_PER_TASK", value: ({ limits }) => limits?.max_cost_usd },
  { path: "limits.max_tokens", variable: "DECKHAND_MAX_TOKENS", value: ({ limits }) => limits?.max_tokens },
  { path: "limits.max_seconds", variable: "DECKHAND_MAX_SECONDS", value: ({ limits }) => limits?.max_seconds },
  { path: "approval.policy", variable: "DECKHAND_APPROVAL", value: ({ approval }) => approval?.policy },
  { path: "approval.seconds", variable: "DECKHAND_ASK_SECONDS", value: ({ approval }) => approval?.seconds },
  { path: "network.policy", variable: "DECKHAND_NETWORK", value: ({ network }) => network?.policy },
  { path: "network.allow", variable: "DECKHAND_NETWORK_ALLOW", value: ({ network }) => listed(network?.allow) },
  ...Object.entries(providerKeys).map(([provider, variable]) => ({
    path: `keys.${provider}`,
    variable,
    also: otherNames[provider] ?? [],
    value: ({ keys }: ServerSettings) => keys?.[provider],
  })),
];

const oneThing: ReadonlySet<string> = new Set(["LLM_MODEL", "LLM_BASE_URL"]);

/** An empty list is nothing that may be reached, not the default. */
function listed(hosts: readonly string[] | undefined): string | undefined {
  return hosts?.length === 0 ? "," : hosts?.join(",");
}

export function withSaved(env: Environment, saved: ServerSettings, problems: readonly SettingsProblem[]): Environment {
  const result: Record<string, string | undefined> = { ...env };
  const given = (name: string): boolean => isGiven(env, name);
  const namesModel = [...oneThing].some(given);
  for (const { variable, also = [], value } of settings) {
    const text = value(saved);
    if (text === undefined || [variable, ...also].some(given) || (oneThing.has(variable) && namesModel)) continue;
    result[variable] = String(text);
  }
  const { base_url: baseUrl } = saved.model ?? {};
  if (baseUrl !== undefined && !namesModel) result["LLM_API_KEY"] = saved.keys?.[new URL(baseUrl).origin];
  // What was to hold is not known, so nothing is let through that it may have stopped.
  const lost = (...sections: string[]): boolean =>
    problems.some(({ section }) => section === undefined || sections.includes(section));
  if (lost("approval") && !given("DECKHAND_APPROVAL")) result["DECKHAND_APPROVAL"] = "always";
  // Whoever said that nobody is to be asked said it with those hooks in place.
  if (lost("hooks")) result["DECKHAND_APPROVAL"] = "always";
  if (lost("network") && !given("DECKHAND_NETWORK")) result["DECKHAND_NETWORK"] = "off";
  return result;
}

/** `section.key` and the variable from which it comes. */
export function fromEnvironment(env: Environment): Readonly<Record<string, string>> {
  const namesModel = [...oneThing].find((name) => isGiven(env, name));
  return Object.fromEntries(
    settings.flatMap(({ path, variable, also = [] }) => {
      const given = [variable, ...also].find((name) => isGiven(env, name));
      if (given !== undefined) return [[path, given]];
      return oneThing.has(variable) && namesModel !== undefined ? [[path, namesModel]] : [];
    }),
  );
}

function isGiven(env: Environment, name: string): boolean {
  return env[name] !== undefined && env[name] !== "";
}
