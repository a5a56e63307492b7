/** The summary that replaces the older part of a conversation in the prompt. */
import { DeckhandError, type ActionArgs } from "@deckhand/protocol";
import type { Model, ModelMessage, ModelReply, ModelRequest } from "../../llm/model.ts";
import type { Agent } from "../agents.ts";
import { replyText } from "../model-call.ts";
import { charsOf, pruneMessage } from "./messages.ts";
import { systemNote } from "./notes.ts";
import type { Prompt } from "./prompt.ts";

type WrittenSummary = Pick<ActionArgs<"compact">, "summary" | "model" | "usage" | "cost_usd">;

/** The share of the context window that the request for a summary may take, and the most it may answer. */
const requestShare = 0.7;
const maxOutputTokens = 4096;
/** For the list of calls that replaces a summary no model could write. */
const maxListedCalls = 40;
const maxListedChars = 200;

interface SummaryRequest {
  readonly prompt: Prompt;
  readonly deps: { readonly model: Model; readonly agent: Agent };
  /** Id of the last event to summarize. */
  readonly upTo: number;
  readonly contextChars: number;
}

/** Rejects only with the signal's reason. When no model can write a summary, it is a list of the last calls. */
export async function writeSummary(
  { prompt, deps, upTo, contextChars }: SummaryRequest,
  signal: AbortSignal,
): Promise<WrittenSummary> {
  const messages = prompt.upTo(upTo);
  const request = {
    // As in the request before, so that the provider has most of it in its cache.
    ...prompt.request(deps.agent),
    messages: [...longestTail(messages, contextChars * requestShare), instruction],
    maxOutputTokens,
  };
  for (const model of await candidates(deps.model, prompt.tokens)) {
    try {
      const reply = await replyOf(model, request, signal);
      const summary = replyText(reply.parts).trim();
      const cost = { model: reply.model ?? model.name, usage: reply.usage, cost_usd: reply.costUsd };
      return { summary: summary === "" ? listCalls(messages) : summary, ...cost };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof DeckhandError)) throw error;
    }
  }
  return { summary: listCalls(messages) };
}

/**
 * The small model first if its context window is known to be large enough. Its tokenizer may count a fifth more than
 * ours.
 */
async function candidates(model: Model, tokens: number): Promise<readonly Model[]> {
  const small = await model.small?.();
  const fits = (small?.contextTokens ?? 0) >= tokens * 1.2 + maxOutputTokens;
  return small !== undefined && fits ? [small, model] : [model];
}

const instruction: ModelMessage = {
  role: "user",
  imageUrls: [],
  text: `${systemNote} The context window is nearly full. Do not call any tools now. Write a summary that lets you continue the task without anything above; the user's messages are kept beside it. Include, as briefly as completeness allows:
- the task, and what the user wants or forbids
- findings and decisions, and the reasons for them
- the files that matter, with their paths, and what was changed in them
- the commands to build, run and test, and their last results
- what was tried and failed
- the plan: what is done and what comes next`,
};

const omittedStart: ModelMessage = {
  role: "user",
  imageUrls: [],
  text: `${systemNote} The start of the conversation is omitted because of its length.`,
};

/** The longest tail that fits, without long outputs if it does not fit with them. */
function longestTail(messages: readonly ModelMessage[], maxChars: number): readonly ModelMessage[] {
  const total = messages.reduce((sum, message) => sum + charsOf(message), 0);
  if (total <= maxChars) return messages;
  const short = messages.map(pruneMessage);
  let sum = 0;
  let first = short.length;
  for (let at = short.length - 1; at >= 0; at -= 1) {
    const message = short[at];
    if (message === undefined) break;
    sum += charsOf(message);
    if (sum > maxChars) break;
    // Providers reject results without the reply they belong to.
    if (message.role !== "tool") first = at;
  }
  const tail = short.slice(first);
  // A request has to begin with a user message.
  return tail[0]?.role === "assistant" ? [omittedStart, ...tail] : tail;
}

async function replyOf(model: Model, request: ModelRequest, signal: AbortSignal): Promise<ModelReply> {
  const replying = model.reply(request, signal);
  for (;;) {
    const next = await replying.next();
    if (next.done === true) return next.value;
  }
}

function listCalls(messages: readonly ModelMessage[]): string {
  const calls = messages.flatMap((message) =>
    message.role === "assistant" ? message.parts.filter((part) => part.type === "call") : [],
  );
  const lines = calls
    .slice(-maxListedCalls)
    .map(({ name, arguments: args }) => `- ${name} ${args.slice(0, maxListedChars)}`);
  return [
    "No summary could be written. These were the last tool calls; check the workspace for their results.",
    ...lines,
  ].join("\n");
}
