/**
 * OpenRouter. Reasoning arrives in `reasoning_details`, signed or encrypted by the upstream provider, and has to be
 * sent back unchanged. Claude is only cached on request. https://openrouter.ai/docs
 */
import type { JSONValue } from "@ai-sdk/provider";
import type { MetadataExtractor } from "@ai-sdk/openai-compatible";
import { eachMessage, type Message } from "../chat-body.ts";
import { compatibleProvider, packageName } from "./compatible.ts";

type Detail = Record<string, JSONValue>;

export const openrouter = compatibleProvider({
  prefixes: ["openrouter"],
  label: "OpenRouter",
  url: "https://openrouter.ai/api/v1",
  keyVariables: ["OPENROUTER_API_KEY"],
  priceListId: "openrouter",
  extractor: reasoningDetails(),
  body: (body) => eachMessage(body, withReasoning),
  // At the top level it caches up to the end of each request. The messages do not change, so requests stay prefixes.
  options: (_request, { model }) =>
    /(^|\/)claude/.test(model) ? { [packageName]: { cache_control: { type: "ephemeral" } } } : {},
  echoedMetadata: ({ openrouter: metadata }) => (metadata === undefined ? undefined : { openaiCompatible: metadata }),
});

/** Signed details are sent back unchanged; plain reasoning under OpenRouter's name for it. */
function withReasoning({ reasoning_content: reasoning, ...message }: Message): Message {
  if (reasoning === undefined || message["reasoning_details"] !== undefined) return message;
  return { ...message, reasoning };
}

function reasoningDetails(): MetadataExtractor {
  return {
    extractMetadata: () => Promise.resolve(undefined),
    createStreamExtractor: () => {
      const all: Detail[] = [];
      return {
        processChunk: (chunk) => {
          const [choice] = (chunk as { choices?: { delta?: { reasoning_details?: unknown } }[] } | null)?.choices ?? [];
          const found = choice?.delta?.reasoning_details;
          if (Array.isArray(found))
            for (const one of found) if (typeof one === "object" && one !== null) add(all, one as Detail);
        },
        buildMetadata: () => (all.length === 0 ? undefined : { openrouter: { reasoning_details: all } }),
      };
    },
  };
}

/** Consecutive pieces with the same type and index belong to one detail. */
function add(all: Detail[], piece: Detail): void {
  const last = all.at(-1);
  if (last === undefined || last["type"] !== piece["type"] || last["index"] !== piece["index"]) {
    all.push({ ...piece });
    return;
  }
  for (const [key, value] of Object.entries(piece)) {
    const grows = key === "text" || key === "summary" || key === "data";
    if (grows && typeof value === "string") last[key] = `${typeof last[key] === "string" ? last[key] : ""}${value}`;
    else if (value !== null && value !== undefined) last[key] = value;
  }
}
