/** What takes the place of the older part of a conversation in the prompt. */
import { DeckhandError, type ActionArgs } from "@deckhand/protocol";
import type { Model, ModelMessage, ModelReply, ModelRequest } from "../../llm/model.ts";
import type { Agent } from "../agents.ts";
import { replyText } from "../model-call.ts";
import type { Prompt } from "./prompt.ts";
import { charsOf, pruned } from "./messages.ts";

type Written = Pick<ActionArgs<"compact">, "summary" | "model" | "usage" | "cost_usd">;

/** Share of the room that the request for a summary may take, and of what it may say. */
const requestShare = 0.7;
const mostOutputTokens = 4096;
/** Of the list that stands in where no summary could be had. */
const listedCalls = 40;
const listedChars = 200;

interface Asked {
  readonly prompt: Prompt;
  readonly deps: { readonly model: Model; readonly agent: Agent };
  readonly upTo: number;
  readonly roomChars: number;
}

/** Fails with the signal's reason alone: where no model can write one, what was called is listed. */
export async function writeSummary({ prompt, deps, upTo, roomChars }: Asked, signal: AbortSignal): Promise<Written> {
  const messages = prompt.upTo(upTo);
  const request = {
    // As before a reply, so that the provider has most of it in its cache.
    ...prompt.request(deps.agent),
    messages: [...fitting(messages, roomChars * requestShare), instruction],
    maxOutputTokens: mostOutputTokens,
  };
  for (const model of await writers(deps.model, prompt.tokens)) {
    try {
      const reply = await replyOf(model, request, signal);
      const summary = replyText(reply.parts).trim();
      const spent = { model: reply.model ?? model.name, usage: reply.usage, cost_usd: reply.costUsd };
      return { summary: summary === "" ? listOf(messages) : summary, ...spent };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof DeckhandError)) throw error;
    }
  }
  return { summary: listOf(messages) };
}

/** The small model first, where it is known to read what is to be summarised; it may count a fifth more than ours. */
async function writers(model: Model, tokens: number): Promise<readonly Model[]> {
  const small = await model.small?.();
  const fits = (small?.contextTokens ?? 0) >= tokens * 1.2 + mostOutputTokens;
  return small !== undefined && fits ? [small, model] : [model];
}

const instruction: ModelMessage = {
  role: "user",
  imageUrls: [],
  text: `(A note of the server, not of the user.) What you can read is nearly full. Call no tool now. Write a summary from which you can go on without anything that stands above; the user's messages are kept beside it. Say, as briefly as completeness allows:
- the task, and what the user wants or forbids
- what was found out and decided, and why
- the files that matter, with their paths, and what was changed in them
- the commands that build, run and test, and how they ended last
- what was tried and failed
- the plan: what is done, what is next`,
};

const leftOut: ModelMessage = {
  role: "user",
  imageUrls: [],
  text: "(A note of the server, not of the user.) What came before is too long to be shown here.",
};

/** The longest end that fits, without long outputs where it does not fit with them. */
function fitting(messages: readonly ModelMessage[], chars: number): readonly ModelMessage[] {
  const whole = messages.reduce((sum, message) => sum + charsOf(message), 0);
  if (whole <= chars) return messages;
  const short = messages.map(pruned);
  let kept = 0;
  let first = short.length;
  for (let at = short.length - 1; at >= 0; at -= 1) {
    const message = short[at];
    if (message === undefined) break;
    kept += charsOf(message);
    if (kept > chars) break;
    // Results without the reply that they belong to are refused by providers.
    if (message.role !== "tool") first = at;
  }
  const end = short.slice(first);
  // A request begins with the user.
  return end[0]?.role === "assistant" ? [leftOut, ...end] : end;
}

async function replyOf(model: Model, request: ModelRequest, signal: AbortSignal): Promise<ModelReply> {
  const replying = model.reply(request, signal);
  for (;;) {
    const step = await replying.next();
    if (step.done === true) return step.value;
  }
}

function listOf(messages: readonly ModelMessage[]): string {
  const calls = messages.flatMap((message) =>
    message.role === "assistant" ? message.parts.filter((part) => part.type === "call") : [],
  );
  const lines = calls.slice(-listedCalls).map(({ name, arguments: text }) => `- ${name} ${text.slice(0, listedChars)}`);
  return [
    "No summary could be written. These were the last calls; look at the workspace for what came of them.",
    ...lines,
  ].join("\n");
}
