/**
 * Tool calling for models without native support: the tools are described in the system prompt, and calls and results
 * are text. The log has the same calls and results as with any other model.
 */
import type { Model, ModelMessage, ModelProgress, ModelReply, ModelRequest } from "../model.ts";
import { ModelFailure } from "../failures/model-failure.ts";
import { callAsText, resultAsText, toolsAsText } from "./format.ts";
import { parseReply } from "./parse.ts";
import { visibleText } from "./visible-text.ts";

export type ToolCalling = "native" | "text" | "auto";

/** With `auto`, a model that rejects tools is called again with text tools, and always from then on. */
export function withToolCalling(model: Model, calling: ToolCalling): Model {
  if (calling === "native") return model;
  const toText = textConverter();
  let usesText = calling === "text";

  async function* reply(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelProgress, ModelReply> {
    if (!usesText) {
      try {
        return yield* model.reply(request, signal);
      } catch (error) {
        if (!(error instanceof ModelFailure && error.refusesTools) || request.tools.length === 0) throw error;
        usesText = true;
        const message = `${model.name} does not support tool calling. Describing the tools in the prompt instead.`;
        yield { type: "retry", code: error.code, message, attempt: 1, waitMs: 0 };
      }
    }
    const answer = yield* visibleText(model.reply(toText(request), signal));
    const text = answer.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
    const reasoning = answer.parts.filter((part) => part.type === "reasoning");
    const parts = [...reasoning, ...parseReply(text, request.tools)];
    return { ...answer, parts: parts.some(({ type }) => type !== "reasoning") ? parts : answer.parts };
  }

  return { ...model, reply };
}

/** Each message is converted once, because the cache of converted prompts is keyed by message object. */
function textConverter(): (request: ModelRequest) => ModelRequest {
  const converted = new WeakMap<ModelMessage, ModelMessage>();
  const message = (from: ModelMessage): ModelMessage => {
    let to = converted.get(from);
    if (to === undefined) converted.set(from, (to = asText(from)));
    return to;
  };
  return (request) => ({
    ...request,
    system: request.system + toolsAsText(request.tools),
    tools: [],
    messages: request.messages.map(message),
  });
}

function asText(message: ModelMessage): ModelMessage {
  switch (message.role) {
    case "user":
      return message;
    case "tool":
      return { role: "user", text: message.results.map(resultAsText).join("\n\n"), imageUrls: [] };
    case "assistant": {
      const texts = message.parts.flatMap((part) => {
        if (part.type === "reasoning") return [];
        return [part.type === "text" ? part.text : callAsText(part)];
      });
      return { role: "assistant", parts: [{ type: "text", text: texts.join("\n") }] };
    }
  }
}
