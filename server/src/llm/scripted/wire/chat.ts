/**
 * OpenAI's chat completions, the format of every compatible server. https://platform.openai.com/docs/api-reference/chat
 */
import { argumentsOf, chunksOf, finishOf } from "../script.ts";
import type { ScriptReply } from "../script.ts";
import { summarizeMessages, errorType, event, loose, looseList } from "./wire.ts";
import type { Wire, WireContext } from "./wire.ts";

export const chatWire: Wire = {
  path: /\/chat\/completions$/,
  summarize: (body) =>
    summarizeMessages(
      looseList(loose(body)["messages"]),
      (message) => (message["role"] === "user" ? "user" : message["role"] === "assistant" ? "model" : "other"),
      (message) => message["content"],
    ),
  frames,
  complete,
  error: (status) => ({
    error: { message: `The script returned status ${status}.`, type: errorType(status), code: null },
  }),
};

function frames(reply: ScriptReply, context: WireContext): readonly string[] {
  const head = { ...headOf(context), object: "chat.completion.chunk" };
  const chunk = (delta: unknown, finish: string | null = null) =>
    event({ ...head, choices: [{ index: 0, delta, finish_reason: finish }] });
  const sent = [chunk({ role: "assistant", content: "" })];
  for (const piece of chunksOf(reply, context.request)) {
    if (piece.of === "text") sent.push(chunk({ content: piece.text }));
    else if (piece.of === "reasoning") sent.push(chunk({ reasoning_content: piece.text }));
    else {
      const call = piece.start
        ? {
            index: piece.index,
            id: piece.id,
            type: "function",
            function: { name: piece.name, arguments: piece.arguments },
          }
        : { index: piece.index, function: { arguments: piece.arguments } };
      sent.push(chunk({ tool_calls: [call] }));
    }
  }
  sent.push(chunk({}, finishOf(reply)));
  if (context.includeUsage) sent.push(event({ ...head, choices: [], usage: usage(context) }));
  return [...sent, "data: [DONE]\n\n"];
}

function complete(reply: ScriptReply, context: WireContext): unknown {
  const calls = reply.calls.map((call, index) => ({
    id: call.id ?? `call_${context.request.replies}_${index}`,
    type: "function",
    function: { name: call.name, arguments: argumentsOf(call) },
  }));
  const message = {
    role: "assistant",
    content: reply.text ?? null,
    ...(reply.reasoning === undefined ? {} : { reasoning_content: reply.reasoning }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  return {
    ...headOf(context),
    object: "chat.completion",
    choices: [{ index: 0, message, finish_reason: finishOf(reply) }],
    usage: usage(context),
  };
}

function headOf(context: WireContext): { id: string; created: number; model: string } {
  return { id: `chatcmpl-${context.request.replies}`, created: Math.floor(Date.now() / 1000), model: context.model };
}

function usage({ usage: used }: WireContext): unknown {
  return {
    prompt_tokens: used.input,
    completion_tokens: used.output,
    total_tokens: used.input + used.output,
    prompt_tokens_details: { cached_tokens: used.cached_input },
    completion_tokens_details: { reasoning_tokens: used.reasoning },
  };
}
