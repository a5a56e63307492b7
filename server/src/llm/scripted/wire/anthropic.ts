/** Just enough of Anthropic's Messages stream. https://docs.anthropic.com/en/api/messages-streaming */
import { chunksOf, finishOf } from "../script.ts";
import type { ScriptReply } from "../script.ts";
import { summarizeMessages, errorType, event, loose, looseList } from "./wire.ts";
import type { Loose, Wire, WireContext } from "./wire.ts";

const stopReasons = {
  stop: "end_turn",
  tool_calls: "tool_use",
  length: "max_tokens",
  content_filter: "refusal",
} as const;

export const anthropicWire: Wire = {
  path: /\/messages$/,
  summarize: (body) =>
    summarizeMessages(
      looseList(loose(body)["messages"]),
      (message) => (message["role"] === "assistant" ? "model" : message["role"] === "user" ? "user" : "other"),
      (message) => message["content"],
    ),
  frames,
  error: (status) => ({
    type: "error",
    error: { type: errorType(status), message: `The script returned status ${status}.` },
  }),
};

function frames(reply: ScriptReply, { request, model, usage }: WireContext): readonly string[] {
  const sent: string[] = [];
  const send = (type: string, data: Loose) => sent.push(event({ type, ...data }, type));
  let index = -1;
  let open = "";
  const close = () => {
    if (open === "reasoning") {
      send("content_block_delta", {
        index,
        delta: { type: "signature_delta", signature: `sig_${request.replies}_${index}` },
      });
    }
    if (open !== "") send("content_block_stop", { index });
    open = "";
  };
  const begin = (kind: string, block: Loose) => {
    close();
    index += 1;
    open = kind;
    send("content_block_start", { index, content_block: block });
  };

  send("message_start", {
    message: {
      id: `msg_${request.replies}`,
      type: "message",
      role: "assistant",
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: Math.max(0, usage.input - usage.cached_input),
        cache_read_input_tokens: usage.cached_input,
        cache_creation_input_tokens: 0,
        output_tokens: 1,
      },
    },
  });
  for (const piece of chunksOf(reply, request)) {
    if (piece.of === "reasoning") {
      if (open !== "reasoning") begin("reasoning", { type: "thinking", thinking: "", signature: "" });
      send("content_block_delta", { index, delta: { type: "thinking_delta", thinking: piece.text } });
    } else if (piece.of === "text") {
      if (open !== "text") begin("text", { type: "text", text: "" });
      send("content_block_delta", { index, delta: { type: "text_delta", text: piece.text } });
    } else {
      if (piece.start) begin("call", { type: "tool_use", id: piece.id, name: piece.name, input: {} });
      send("content_block_delta", { index, delta: { type: "input_json_delta", partial_json: piece.arguments } });
    }
  }
  close();
  send("message_delta", {
    delta: { stop_reason: stopReasons[finishOf(reply)], stop_sequence: null },
    usage: { output_tokens: usage.output },
  });
  send("message_stop", {});
  return sent;
}
