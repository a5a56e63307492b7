/** Just enough of OpenAI's Responses stream. https://platform.openai.com/docs/api-reference/responses-streaming */
import { chunksOf, finishOf } from "../script.ts";
import type { ScriptReply } from "../script.ts";
import { summarizeMessages, errorType, event, loose, looseList } from "./wire.ts";
import type { Loose, Wire, WireContext } from "./wire.ts";

export const responsesWire: Wire = {
  path: /\/responses$/,
  summarize: (body) =>
    summarizeMessages(
      looseList(loose(body)["input"]),
      (item) => {
        if (item["role"] === "user") return "user";
        return item["role"] === "assistant" || item["type"] === "function_call" || item["type"] === "reasoning"
          ? "model"
          : "other";
      },
      (item) => item["content"],
    ),
  frames,
  error: (status) => ({
    error: { message: `The script returned status ${status}.`, type: errorType(status), code: null },
  }),
};

function frames(reply: ScriptReply, { request, model, usage }: WireContext): readonly string[] {
  const sent: string[] = [];
  const output: Loose[] = [];
  const send = (type: string, data: Loose) => sent.push(event({ type, sequence_number: sent.length, ...data }, type));
  const response = {
    id: `resp_${request.replies}`,
    object: "response",
    created_at: Math.floor(Date.now() / 1000),
    model,
    output,
    status: "in_progress",
    error: null,
    incomplete_details: null,
  };
  let open: { readonly kind: string; readonly id: string; text: string; readonly call?: Loose } | undefined;

  const close = () => {
    if (open === undefined) return;
    const item = itemOf(open.kind, open.id, open.text, open.call ?? {});
    output.push(item);
    send("response.output_item.done", { output_index: output.length - 1, item });
    open = undefined;
  };
  const begin = (kind: string, call: Loose = {}) => {
    close();
    const id = `${kind}_${request.replies}_${output.length}`;
    open = { kind, id, text: "", call };
    send("response.output_item.added", { output_index: output.length, item: itemOf(kind, id, "", call) });
  };
  const add = (kind: string, delta: string) => {
    if (open === undefined) return;
    open.text += delta;
    const at = { item_id: open.id, output_index: output.length, delta };
    if (kind === "rs") send("response.reasoning_summary_text.delta", { ...at, summary_index: 0 });
    else if (kind === "msg") send("response.output_text.delta", { ...at, content_index: 0, logprobs: [] });
    else send("response.function_call_arguments.delta", at);
  };

  send("response.created", { response });
  for (const piece of chunksOf(reply, request)) {
    if (piece.of === "reasoning") {
      if (open?.kind !== "rs") begin("rs");
      add("rs", piece.text);
    } else if (piece.of === "text") {
      if (open?.kind !== "msg") begin("msg");
      add("msg", piece.text);
    } else {
      if (piece.start) begin("fc", { call_id: piece.id, name: piece.name });
      add("fc", piece.arguments);
    }
  }
  close();
  const finish = finishOf(reply);
  const incomplete =
    finish === "length" ? "max_output_tokens" : finish === "content_filter" ? "content_filter" : undefined;
  const type = incomplete === undefined ? "response.completed" : "response.incomplete";
  send(type, {
    response: {
      ...response,
      status: incomplete === undefined ? "completed" : "incomplete",
      incomplete_details: incomplete === undefined ? null : { reason: incomplete },
      usage: {
        input_tokens: usage.input,
        input_tokens_details: { cached_tokens: usage.cached_input },
        output_tokens: usage.output,
        output_tokens_details: { reasoning_tokens: usage.reasoning },
        total_tokens: usage.input + usage.output,
      },
    },
  });
  return sent;
}

function itemOf(kind: string, id: string, text: string, call: Loose): Loose {
  if (kind === "rs") {
    const summary = text === "" ? [] : [{ type: "summary_text", text }];
    return { type: "reasoning", id, summary, encrypted_content: text === "" ? null : `encrypted_${id}` };
  }
  if (kind === "msg") {
    const content = text === "" ? [] : [{ type: "output_text", text, annotations: [], logprobs: [] }];
    return { type: "message", id, role: "assistant", status: text === "" ? "in_progress" : "completed", content };
  }
  return { type: "function_call", id, status: text === "" ? "in_progress" : "completed", ...call, arguments: text };
}
