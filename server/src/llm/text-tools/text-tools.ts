/**
 * A model without tool calling, as one with it: the tools stand in the system prompt, calls and their results are text. The log
 * has the same calls and results as with any other model.
 */
import type { Model, ModelMessage, ModelProgress, ModelReply, ModelRequest } from "../model.ts";
import { ModelFailure } from "../failures/model-failure.ts";
import { callAsText, resultAsText, toolsAsText } from "./format.ts";
import { parseReply } from "./parse.ts";
import { visibleText } from "./visible-text.ts";

export type ToolCalling = "native" | "text" | "auto";

/** With `auto`, a model that refuses tools is asked again without, and from then on at once. */
export function withToolCalling(model: Model, calling: ToolCalling): Model {
  if (calling === "native") return model;
  const write = textWriter();
  let inWords = calling === "text";

  async function* ask(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelProgress, ModelReply> {
    if (!inWords) {
      try {
        return yield* model.reply(request, signal);
      } catch (error) {
        if (!(error instanceof ModelFailure && error.refusesTools) || request.tools.length === 0) throw error;
        inWords = true;
        const message = `${model.name} cannot call tools by itself: it is told of them in words.`;
        yield { type: "retry", code: error.code, message, attempt: 1, waitMs: 0 };
      }
    }
    const reply = yield* visibleText(model.reply(write(request), signal));
    const text = reply.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
    const reasoning = reply.parts.filter((part) => part.type === "reasoning");
    const parts = [...reasoning, ...parseReply(text, request.tools)];
    return { ...reply, parts: parts.some(({ type }) => type !== "reasoning") ? parts : reply.parts };
  }

  return { ...model, reply: ask };
}

/** Each message is converted once, so that requests keep their bytes. */
function textWriter(): (request: ModelRequest) => ModelRequest {
  const written = new WeakMap<ModelMessage, ModelMessage>();
  const message = (from: ModelMessage): ModelMessage => {
    let to = written.get(from);
    if (to === undefined) written.set(from, (to = asText(from)));
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
      const words = message.parts.flatMap((part) => {
        if (part.type === "reasoning") return [];
        return [part.type === "text" ? part.text : callAsText(part)];
      });
      return { role: "assistant", parts: [{ type: "text", text: words.join("\n") }] };
    }
  }
}
