/** Tries a model with real calls: whether it answers, calls a tool and sees a picture, and whether its size and price are known. */
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
  const costs: (number | null)[] = [];
  try {
    const called = await ask(model, { ...toolRequest, maxOutputTokens }, within);
    costs.push(called.reply.costUsd);
    findings.push({ what: "reply", ok: true, sentence: `It answers, in ${Math.round(called.durationMs)} ms.` });
    findings.push(toolFinding(called.reply, called.toldInWords));
    if (model.takesImages) {
      const seen = await ask(model, { ...imageRequest, maxOutputTokens }, within);
      costs.push(seen.reply.costUsd);
      findings.push(imageFinding(seen.reply));
    } else {
      findings.push({ what: "images", ok: true, sentence: "It is not known to see pictures, so it is sent none." });
    }
  } catch (error) {
    signal.throwIfAborted();
    const what = findings.length === 0 ? "reply" : "images";
    findings.push({ what, ok: false, sentence: sentenceOf(error) });
  }
  findings.push(contextFinding(model));
  if (costs.length > 0) findings.push(priceFinding(costs));
  return {
    model: model.name,
    ok: findings.every(({ what, ok }) => ok || what === "context" || what === "price"),
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
      throw new DeckhandError(step.value.code, step.value.message);
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

function imageFinding({ parts }: ModelReply): ModelFinding {
  const said = parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
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
