/**
 * OpenAI's models on Azure, by deployment name: `azure/…` through the Responses API, `azure_chat/…` through chat
 * completions, which every model of Azure AI Foundry supports. Uses the v1 API, which needs no version parameter:
 * https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
 */
import { DeckhandError } from "@deckhand/protocol";
import type { ModelRequest } from "../../model.ts";
import { notStored } from "./openai.ts";
import { firstSet, defaultFormat, type Env, type ModelAddress, type Provider } from "../provider.ts";

const load = () => import("@ai-sdk/openai");

const shared = {
  label: "Azure",
  keyVariables: ["AZURE_API_KEY", "AZURE_OPENAI_API_KEY"],
  priceListId: "azure",
  isCompatible: false,
  url: endpoint,
  load,
  messageFormat: () => defaultFormat,
  // The name of a deployment does not tell the package that it is a reasoning model.
  options: (request: ModelRequest, { isReasoning }: ModelAddress) => ({
    azure: { ...notStored(request), ...(isReasoning === true && { forceReasoning: true }) },
  }),
} as const;

export const azure: Provider = {
  ...shared,
  prefixes: ["azure"],
  connect: async (address, fetch) => (await deployments(address, fetch)).responses(address.model),
};

export const azureChat: Provider = {
  ...shared,
  prefixes: ["azure_chat"],
  connect: async (address, fetch) => (await deployments(address, fetch)).chat(address.model),
};

async function deployments({ baseUrl, apiKey = "" }: ModelAddress, fetch: typeof globalThis.fetch) {
  // Under its own name, the package keeps signatures from here apart from those of OpenAI.
  return (await load()).createOpenAI({
    name: "azure",
    baseURL: baseUrl,
    fetch,
    apiKey,
    headers: { "api-key": apiKey },
  });
}

function endpoint(env: Env): string {
  const endpointUrl = firstSet(env, ["AZURE_API_BASE", "AZURE_OPENAI_ENDPOINT"]);
  const resource = env["AZURE_RESOURCE_NAME"];
  const base = endpointUrl ?? (resource ? `https://${resource}.openai.azure.com` : undefined);
  if (base === undefined || !URL.canParse(base)) {
    throw new DeckhandError(
      "model_not_configured",
      "Azure needs the URL of your resource: set AZURE_API_BASE to https://NAME.openai.azure.com, or AZURE_RESOURCE_NAME to NAME.",
    );
  }
  const { origin, pathname } = new URL(base);
  const path = pathname.replace(/\/+$/, "");
  return `${origin}${path.replace(/\/openai(\/v1)?$/, "")}/openai/v1`;
}
