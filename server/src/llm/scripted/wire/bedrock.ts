/**
 * Just enough of Bedrock's ConverseStream.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
 */
import { chunksOf, finishOf } from "../script.ts";
import type { ScriptReply } from "../script.ts";
import { eventStreamFrame } from "./event-stream.ts";
import { summarizeMessages, loose, looseList } from "./wire.ts";
import type { Loose, Wire, WireContext } from "./wire.ts";

const stopReasons = {
  stop: "end_turn",
  tool_calls: "tool_use",
  length: "max_tokens",
  content_filter: "content_filtered",
} as const;

export const bedrockWire: Wire = {
  path: /\/converse-stream$/,
  contentType: "application/vnd.amazon.eventstream",
  summarize: (body) =>
    summarizeMessages(
      looseList(loose(body)["messages"]),
      (message) => (message["role"] === "assistant" ? "model" : message["role"] === "user" ? "user" : "other"),
      (message) => message["content"],
    ),
  frames,
  error: (status) => ({ message: `The script returned status ${status}.` }),
};

function frames(reply: ScriptReply, { request, usage }: WireContext): readonly Uint8Array[] {
  const sent: Uint8Array[] = [];
  const send = (type: string, data: Loose) =>
    sent.push(
      eventStreamFrame(
        { ":event-type": type, ":content-type": "application/json", ":message-type": "event" },
        JSON.stringify(data),
      ),
    );
  let index = -1;
  let open = "";
  const close = () => {
    if (open === "reasoning") delta({ reasoningContent: { signature: `sig_${request.replies}_${index}` } });
    if (open !== "") send("contentBlockStop", { contentBlockIndex: index });
    open = "";
  };
  const begin = (kind: string) => {
    if (open === kind && kind !== "call") return;
    close();
    index += 1;
    open = kind;
  };
  const delta = (of: Loose) => send("contentBlockDelta", { contentBlockIndex: index, delta: of });

  send("messageStart", { role: "assistant" });
  for (const piece of chunksOf(reply, request)) {
    if (piece.of === "call") {
      if (piece.start) {
        begin("call");
        const toolUse = { toolUseId: piece.id, name: piece.name };
        send("contentBlockStart", { contentBlockIndex: index, start: { toolUse } });
      }
      delta({ toolUse: { input: piece.arguments } });
    } else {
      begin(piece.of);
      delta(piece.of === "text" ? { text: piece.text } : { reasoningContent: { text: piece.text } });
    }
  }
  close();
  send("messageStop", { stopReason: stopReasons[finishOf(reply)] });
  const { input, output, cached_input: cached } = usage;
  const counted = { inputTokens: Math.max(0, input - cached), cacheReadInputTokens: cached, outputTokens: output };
  send("metadata", { usage: { ...counted, totalTokens: input + output }, metrics: { latencyMs: 1 } });
  return sent;
}
