/**
 * Chat completions, as most servers and gateways speak them. https://platform.openai.com/docs/api-reference/chat
 * What one of them does differently stands in its own file, as a change to the body.
 */
import type { MetadataExtractor } from "@ai-sdk/openai-compatible";
import type { Body } from "../chat-body.ts";
import { forTemplate } from "../strict-templates.ts";
import { defaultFormat, type Provider } from "../provider.ts";

interface CompatibleOptions extends Pick<Provider, "prefixes" | "label" | "keyVariables" | "priceListId"> {
  readonly url: string;
  /** Refuses fields that it does not know, so that reasoning is not sent back. */
  readonly sendsReasoning?: boolean;
  /** Counts what was used where it is asked to; true by default. */
  readonly includeUsage?: boolean;
  /** The body as it wants it. Nothing may depend on the place of a message or on what follows it. */
  readonly body?: (body: Body) => Body;
  readonly extractor?: MetadataExtractor;
  readonly options?: Provider["options"];
  readonly echoedMetadata?: Provider["echoedMetadata"];
  readonly loadedModels?: Provider["loadedModels"];
}

const load = () => import("@ai-sdk/openai-compatible");

export function compatibleProvider({
  url,
  sendsReasoning = true,
  includeUsage = true,
  body,
  extractor,
  options,
  echoedMetadata,
  loadedModels: loaded,
  ...named
}: CompatibleOptions): Provider {
  return {
    ...named,
    isCompatible: true,
    url: () => url,
    load,
    connect: async ({ model, baseUrl, apiKey }, fetch) => {
      const { createOpenAICompatible } = await load();
      return createOpenAICompatible({
        name: packageName,
        baseURL: baseUrl,
        fetch,
        includeUsage,
        ...(apiKey === undefined ? {} : { apiKey }),
        transformRequestBody: (plain) => forTemplate(model, body?.(plain) ?? plain),
        ...(extractor && { metadataExtractor: extractor }),
      }).chatModel(model);
    },
    messageFormat: () => ({ ...defaultFormat, sendsReasoning }),
    ...(options && { options }),
    ...(echoedMetadata && { echoedMetadata }),
    ...(loaded && { loadedModels: loaded }),
  };
}

/** Under which the package looks for options of a call. */
export const packageName = "compatible";

/** Any server, at an address that somebody names. */
export const compatible = compatibleProvider({
  prefixes: ["compatible"],
  label: "The model server",
  url: "",
  keyVariables: [],
  priceListId: null,
});
