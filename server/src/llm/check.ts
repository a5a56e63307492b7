/** Tests a model with real calls: replies, tool calls, images, context window; and whether its price is known. */
import { DeckhandError, type ModelFinding, type ModelReport } from "@deckhand/protocol";
import type { Model, ModelReply, ModelRequest } from "./model.ts";

/** A local model may have to be loaded from disk first. */
const deadlineMs = 120_000;
/** Room for a reasoning model to think before it calls. */
const maxOutputTokens = 2048;

const system = "This is a test. Do exactly what you are asked, in as few words as possible.";
const add = {
  name: "add",
  description: "Adds two numbers.",
  parameters: {
    type: "object",
    properties: { a: { type: "integer" }, b: { type: "integer" } },
    required: ["a", "b"],
    additionalProperties: false,
  },
} as const;

/** A PNG of 16 by 16 red pixels. */
const redImage =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAFklEQVR42mP4z8BAEmIY1TCqYfhqAACQ+f8B8u7oVwAAAABJRU5ErkJggg==";

/** Fails only with the signal's reason: a problem with the model is a finding. */
export async function checkModel(model: Model, signal: AbortSignal): Promise<ModelReport> {
  const startedAt = performance.now();
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  const findings: ModelFinding[] = [];
  let context: ModelFinding | undefined;
  let current: ModelFinding["what"] = "reply";
  const costs: (number | null)[] = [];
  try {
    const called = await call(model, { ...toolRequest, maxOutputTokens }, deadline);
    costs.push(called.reply.costUsd);
    findings.push({ what: "reply", ok: true, sentence: `Replied in ${Math.round(called.durationMs)} ms.` });
    findings.push(toolFinding(called.reply, called.withTextTools));
    // Self-hosted servers silently truncate long requests. Other providers reject them, and the test would cost money.
    current = "context";
    if (called.reply.costUsd === 0) context = await longRequestFinding(model, deadline);
    current = "images";
    if (model.takesImages) {
      const described = await call(model, { ...imageRequest, maxOutputTokens }, deadline);
      costs.push(described.reply.costUsd);
      findings.push(imageFinding(described.reply));
    } else {
      findings.push({ what: "images", ok: true, sentence: "Not known to support images, so it is sent none." });
    }
  } catch (error) {
    signal.throwIfAborted();
    const failed: ModelFinding = { what: current, ok: false, sentence: sentenceOf(error) };
    if (current === "context") context = failed;
    else findings.push(failed);
  }
  findings.push(context ?? contextFinding(model));
  if (costs.length > 0) findings.push(priceFinding(costs));
  return {
    model: model.name,
    // An unknown context window or price is acceptable; a truncated request is not.
    ok: findings.every((one) => one.ok || (one.what === "context" && one !== context) || one.what === "price"),
    findings,
    duration_ms: performance.now() - startedAt,
    cost_usd:
      costs.length === 0 || costs.includes(null) ? null : costs.reduce<number>((sum, cost) => sum + (cost ?? 0), 0),
  };
}

const toolRequest: ModelRequest = {
  system,
  tools: [add],
  messages: [{ role: "user", text: "Call the tool add with a = 17 and b = 25.", imageUrls: [] }],
};
const imageRequest: ModelRequest = {
  system,
  tools: [],
  messages: [{ role: "user", text: "What color is this image? Answer with one word.", imageUrls: [redImage] }],
};

const codeWord = "heliotrope";
/** More than Ollama's default context window (4,096), and enough for a first step of work. */
const longTokens = 6_000;

/** Whether the model still knows the beginning of a long request at its end. */
async function longRequestFinding(model: Model, signal: AbortSignal): Promise<ModelFinding> {
  // Four characters per token, 46 per line.
  const filler = "This line is only here to make the text long.\n".repeat((longTokens * 4) / 46);
  const text = `The code word is ${codeWord}. Remember it.\n${filler}What is the code word? Answer with one word.`;
  const tokens = `${longTokens.toLocaleString("en")} tokens`;
  try {
    const request = { system, tools: [], messages: [{ role: "user", text, imageUrls: [] }] } as const;
    const { reply } = await call(model, { ...request, maxOutputTokens }, signal);
    if (textOf(reply).toLowerCase().includes(codeWord)) {
      const known = contextFinding(model);
      return known.ok
        ? known
        : { what: "context", ok: true, sentence: `Its context window is at least ${tokens}. ${known.sentence}` };
    }
  } catch (error) {
    if (!(error instanceof DeckhandError) || error.code !== "model_context_too_long") throw error;
  }
  const sentence = `It loses the beginning of ${tokens}, so it would lose its task. Raise the context length on its server (Ollama: OLLAMA_CONTEXT_LENGTH=32768; LM Studio, llama.cpp, vLLM: the context length it is loaded with).`;
  return { what: "context", ok: false, sentence };
}

function textOf({ parts }: ModelReply): string {
  return parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
}

interface TestCall {
  readonly reply: ModelReply;
  readonly durationMs: number;
  /** The tools were described in the prompt, because the model does not support tool calling. */
  readonly withTextTools: boolean;
}

async function call(model: Model, request: ModelRequest, signal: AbortSignal): Promise<TestCall> {
  const startedAt = performance.now();
  const replying = model.reply(request, signal);
  let withTextTools = false;
  for (;;) {
    const step = await replying.next();
    if (step.done === true) return { reply: step.value, durationMs: performance.now() - startedAt, withTextTools };
    // A test reports the first failure instead of retrying.
    if (step.value.type === "retry" && step.value.waitMs > 0) {
      await replying.return(undefined as never);
      throw new DeckhandError(step.value.code, step.value.reason ?? step.value.message);
    }
    withTextTools ||= step.value.type === "retry";
  }
}

function toolFinding({ parts }: ModelReply, withTextTools: boolean): ModelFinding {
  const calls = parts.filter((part) => part.type === "call");
  const isCorrect = calls.some(({ name, arguments: text }) => name === "add" && isSum(text));
  if (isCorrect) {
    return {
      what: "tools",
      ok: true,
      sentence: withTextTools
        ? "Calls tools that are described in the prompt (no native tool calling)."
        : "Calls tools.",
    };
  }
  const sentence =
    calls.length > 0
      ? `Calls tools with wrong arguments (${calls[0]?.arguments.slice(0, 200)}): the model may be too small for this work.`
      : "Did not call a tool when asked to. Set LLM_NATIVE_TOOL_CALLING=false to describe the tools in the prompt, or choose another model.";
  return { what: "tools", ok: false, sentence };
}

function isSum(text: string): boolean {
  try {
    const { a, b } = JSON.parse(text) as { a?: unknown; b?: unknown };
    return Number(a) === 17 && Number(b) === 25;
  } catch {
    return false;
  }
}

function imageFinding(reply: ModelReply): ModelFinding {
  const answer = textOf(reply);
  return /\bred\b/i.test(answer)
    ? { what: "images", ok: true, sentence: "Sees images." }
    : { what: "images", ok: false, sentence: `Did not recognize a red image; it said: ${answer.slice(0, 200)}` };
}

function contextFinding({ contextTokens }: Model): ModelFinding {
  const known = contextTokens !== undefined && contextTokens !== null;
  const sentence = known
    ? `Context window: ${contextTokens.toLocaleString("en")} tokens.`
    : "Context window unknown: set LLM_MAX_INPUT_TOKENS, so that long conversations are summarized in time.";
  return { what: "context", ok: known, sentence };
}

function priceFinding(costs: readonly (number | null)[]): ModelFinding {
  const known = !costs.includes(null);
  const sentence = known ? "Price known." : "Price unknown, so a cost limit has no effect.";
  return { what: "price", ok: known, sentence };
}

function sentenceOf(error: unknown): string {
  if (error instanceof DeckhandError) return error.message;
  return error instanceof Error && error.name === "TimeoutError"
    ? `No reply within ${deadlineMs / 1000} s.`
    : "The test failed.";
}
