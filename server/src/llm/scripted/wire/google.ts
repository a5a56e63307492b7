/** Just enough of Gemini's streamGenerateContent. https://ai.google.dev/api/generate-content */
import { argumentsOf, chunksOf, finishOf } from "../script.ts";
import type { ScriptReply } from "../script.ts";
import { summarizeMessages, event, loose, looseList } from "./wire.ts";
import type { Wire, WireContext } from "./wire.ts";

const finishReasons = { stop: "STOP", tool_calls: "STOP", length: "MAX_TOKENS", content_filter: "SAFETY" } as const;
const statuses: Record<number, string> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  503: "UNAVAILABLE",
};

export const googleWire: Wire = {
  path: /:streamGenerateContent$/,
  summarize: (body) =>
    summarizeMessages(
      looseList(loose(body)["contents"]),
      (message) => (message["role"] === "model" ? "model" : "user"),
      (message) => message["parts"],
    ),
  frames,
  error: (status) => ({
    error: {
      code: status,
      message: `The script returned status ${status}.`,
      status: statuses[status] ?? "INTERNAL",
    },
  }),
};

/** Gemini sends call arguments as an object in one piece; malformed text becomes `{}`. */
function frames(reply: ScriptReply, { request, usage }: WireContext): readonly string[] {
  const content = (part: unknown) => event({ candidates: [{ index: 0, content: { role: "model", parts: [part] } }] });
  const sent: string[] = [];
  for (const piece of chunksOf(reply, request)) {
    if (piece.of === "reasoning") sent.push(content({ text: piece.text, thought: true }));
    else if (piece.of === "text") sent.push(content({ text: piece.text }));
    else if (piece.start) {
      const call = reply.calls[piece.index];
      const args = call === undefined ? {} : objectOf(argumentsOf(call));
      sent.push(
        content({ functionCall: { id: piece.id, name: piece.name, args }, thoughtSignature: `sig_${piece.id}` }),
      );
    }
  }
  sent.push(
    event({
      candidates: [{ index: 0, content: { role: "model", parts: [] }, finishReason: finishReasons[finishOf(reply)] }],
      usageMetadata: {
        promptTokenCount: usage.input,
        cachedContentTokenCount: usage.cached_input,
        candidatesTokenCount: usage.output - usage.reasoning,
        thoughtsTokenCount: usage.reasoning,
        totalTokenCount: usage.input + usage.output,
      },
    }),
  );
  return sent;
}

function objectOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
