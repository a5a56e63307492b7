/**
 * Chat completions, which most servers and gateways speak. https://platform.openai.com/docs/api-reference/chat
 * The differences of each are in its own file, as changes to the body.
 */
import type { MetadataExtractor } from "@ai-sdk/openai-compatible";
import type { Body } from "../chat-body.ts";
import { forTemplate } from "../strict-templates.ts";
import { defaultFormat, type Provider } from "../provider.ts";

interface CompatibleOptions extends Pick<Provider, "prefixes" | "label" | "keyVariables" | "priceListId"> {
  readonly url: string;
  /** False for a server that rejects unknown fields: reasoning is not sent back. True by default. */
  readonly sendsReasoning?: boolean;
  /** Request usage in the stream; true by default. */
  readonly includeUsage?: boolean;
  /**
   * Changes the body. May not depend on the position of a message or on what follows it: requests must stay prefixes.
   */
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

/** The name under which the package expects the options of a call. */
export const packageName = "compatible";

/** Any server, at the base URL of the user. */
export const compatible = compatibleProvider({
  prefixes: ["compatible"],
  label: "The model server",
  url: "",
  keyVariables: [],
  priceListId: null,
});
