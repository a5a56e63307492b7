/** API keys of model providers: saved in settings.json, or set as the variables that providers document. */
import { providerKeys, type ServerSettings } from "@deckhand/protocol";
import { isSet, type Environment } from "../config/environment.ts";

/** Other variables that set a key for the same provider. */
const alternatives: Readonly<Record<string, readonly string[]>> = {
  google: ["GOOGLE_GENERATIVE_AI_API_KEY", "GOOGLE_API_KEY"],
  azure: ["AZURE_OPENAI_API_KEY"],
  bedrock: ["AWS_SECRET_ACCESS_KEY"],
};

const providers = Object.entries(providerKeys).map(([provider, variable]) => ({
  provider,
  variable,
  variables: [variable, ...(alternatives[provider] ?? [])],
}));

/** The environment, with the saved key of each provider for which it has none. */
export function withSavedKeys(environment: Environment, keys: ServerSettings["keys"] = {}): Environment {
  const saved = providers
    .filter(
      ({ provider, variables }) => Object.hasOwn(keys, provider) && !variables.some((name) => isSet(environment, name)),
    )
    .map(({ provider, variable }) => [variable, keys[provider]] as const);
  return { ...environment, ...Object.fromEntries(saved) };
}

/** The variable that sets a provider's key, by `keys.PROVIDER`. */
export function keyVariables(environment: Environment): Readonly<Record<string, string>> {
  return Object.fromEntries(
    providers.flatMap(({ provider, variables }) => {
      const variable = variables.find((name) => isSet(environment, name));
      return variable === undefined ? [] : [[`keys.${provider}`, variable] as const];
    }),
  );
}
