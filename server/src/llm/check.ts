/** Tries a model with real calls: whether it answers, calls a tool, sees a picture and reads enough, and whether its price is known. */
import { DeckhandError, type ModelFinding, type ModelReport } from "@deckhand/protocol";
import type { Model, ModelReply, ModelRequest } from "./model.ts";

/** A local model may have to be read from the disk first. */
const deadlineMs = 120_000;
/** A reasoning model thinks before it calls. */
const maxOutputTokens = 2048;

const system = "You are being tried out. Do exactly what you are asked, in as few words as possible.";
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

/** 16 by 16 pixels of red, as PNG. */
const redPicture =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAFklEQVR42mP4z8BAEmIY1TCqYfhqAACQ+f8B8u7oVwAAAABJRU5ErkJggg==";

/** Never fails but with the signal's reason: what goes wrong is a finding. */
export async function checkModel(model: Model, signal: AbortSignal): Promise<ModelReport> {
  const startedAt = performance.now();
  const within = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  const findings: ModelFinding[] = [];
  let context: ModelFinding | undefined;
  let trying: ModelFinding["what"] = "reply";
  const costs: (number | null)[] = [];
  try {
    const called = await ask(model, { ...toolRequest, maxOutputTokens }, within);
    costs.push(called.reply.costUsd);
    findings.push({ what: "reply", ok: true, sentence: `It answers, in ${Math.round(called.durationMs)} ms.` });
    findings.push(toolFinding(called.reply, called.toldInWords));
    // Servers on machines of one's own cut what is too long without a word; elsewhere it would cost, and is refused.
    trying = "context";
    if (called.reply.costUsd === 0) context = await memoryFinding(model, within);
    trying = "images";
    if (model.takesImages) {
      const seen = await ask(model, { ...imageRequest, maxOutputTokens }, within);
      costs.push(seen.reply.costUsd);
      findings.push(imageFinding(seen.reply));
    } else {
      findings.push({ what: "images", ok: true, sentence: "It is not known to see pictures, so it is sent none." });
    }
  } catch (error) {
    signal.throwIfAborted();
    const failed: ModelFinding = { what: trying, ok: false, sentence: sentenceOf(error) };
    if (trying === "context") context = failed;
    else findings.push(failed);
  }
  findings.push(context ?? contextFinding(model));
  if (costs.length > 0) findings.push(priceFinding(costs));
  return {
    model: model.name,
    // Not to know its size or price is no reason not to work with it; to forget is one.
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
  messages: [{ role: "user", text: "Which colour is this picture? Answer with one word.", imageUrls: [redPicture] }],
};

const codeWord = "heliotrope";
/** More than Ollama reads by default (4,096), and enough for a first step of work; at four characters a token. */
const longTokens = 6_000;

/** Whether the beginning of a long request is still there at its end. */
async function memoryFinding(model: Model, signal: AbortSignal): Promise<ModelFinding> {
  const filler = "This line is only here to make the text long.\n".repeat((longTokens * 4) / 46);
  const text = `The code word is ${codeWord}. Remember it.\n${filler}What is the code word? Answer with one word.`;
  const reads = `${longTokens.toLocaleString("en")} tokens`;
  try {
    const request = { system, tools: [], messages: [{ role: "user", text, imageUrls: [] }] } as const;
    const { reply } = await ask(model, { ...request, maxOutputTokens }, signal);
    if (saidIn(reply).toLowerCase().includes(codeWord)) {
      const known = contextFinding(model);
      return known.ok
        ? known
        : { what: "context", ok: true, sentence: `It reads ${reads} at least. ${known.sentence}` };
    }
  } catch (error) {
    if (!(error instanceof DeckhandError) || error.code !== "model_context_too_long") throw error;
  }
  const sentence = `It forgets the beginning of ${reads}, so it forgets its task. Give it more room where it runs (Ollama: OLLAMA_CONTEXT_LENGTH=32768; LM Studio, llama.cpp, vLLM: the context length with which it is loaded).`;
  return { what: "context", ok: false, sentence };
}

function saidIn({ parts }: ModelReply): string {
  return parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
}

interface Asked {
  readonly reply: ModelReply;
  readonly durationMs: number;
  readonly toldInWords: boolean;
}

async function ask(model: Model, request: ModelRequest, signal: AbortSignal): Promise<Asked> {
  const startedAt = performance.now();
  const replying = model.reply(request, signal);
  let toldInWords = false;
  for (;;) {
    const step = await replying.next();
    if (step.done === true) return { reply: step.value, durationMs: performance.now() - startedAt, toldInWords };
    // Whoever tries a model wants to know of the first failure, not of the fifth.
    if (step.value.type === "retry" && step.value.waitMs > 0) {
      await replying.return(undefined as never);
      throw new DeckhandError(step.value.code, step.value.reason ?? step.value.message);
    }
    toldInWords ||= step.value.type === "retry";
  }
}

function toolFinding({ parts }: ModelReply, toldInWords: boolean): ModelFinding {
  const calls = parts.filter((part) => part.type === "call");
  const right = calls.some(({ name, arguments: text }) => name === "add" && isSum(text));
  if (right) {
    return {
      what: "tools",
      ok: true,
      sentence: toldInWords ? "It cannot call tools by itself, but does when told in words." : "It calls tools.",
    };
  }
  const sentence =
    calls.length > 0
      ? `It calls tools with wrong arguments (${calls[0]?.arguments.slice(0, 200)}): it may be too small for this work.`
      : "It called no tool when told to. Set LLM_NATIVE_TOOL_CALLING=false to tell it of its tools in words, or choose another model.";
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
  const said = saidIn(reply);
  return /\bred\b/i.test(said)
    ? { what: "images", ok: true, sentence: "It sees pictures." }
    : { what: "images", ok: false, sentence: `It did not see that a picture was red; it said: ${said.slice(0, 200)}` };
}

function contextFinding({ contextTokens }: Model): ModelFinding {
  const known = contextTokens !== undefined && contextTokens !== null;
  const sentence = known
    ? `It reads ${contextTokens.toLocaleString("en")} tokens.`
    : "Nobody says how much it reads: set LLM_MAX_INPUT_TOKENS, so that long conversations are summarised in time.";
  return { what: "context", ok: known, sentence };
}

function priceFinding(costs: readonly (number | null)[]): ModelFinding {
  const known = !costs.includes(null);
  const sentence = known
    ? "Its price is known."
    : "Its price is not known, so a limit in dollars does not hold for it.";
  return { what: "price", ok: known, sentence };
}

function sentenceOf(error: unknown): string {
  if (error instanceof DeckhandError) return error.message;
  return error instanceof Error && error.name === "TimeoutError"
    ? `It did not answer within ${deadlineMs / 1000} s.`
    : "It could not be tried.";
}
