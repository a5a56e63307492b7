/**
 * A title for a conversation, requested from its own model after the first turn. Nothing waits for it: the request is aborted
 * when work begins and is not retried; if it fails, the first line of the task stays the title.
 */
import {
  isAction,
  observation,
  type AgentState,
  type ConversationState,
  type Event,
  type NewEvent,
} from "@deckhand/protocol";
import { isExhausted, type Limits } from "../../agent/limits.ts";
import type { Holds } from "../holds.ts";
import type { Model, ModelReply } from "../../llm/model.ts";

interface TitlesDeps {
  readonly limits: Limits;
  readonly model: () => Promise<Model>;
  readonly read: (after: number, limit: number) => Promise<readonly Event[]>;
  /** False if a person has set a title. */
  readonly isWanted: () => Promise<boolean>;
  readonly append: (event: NewEvent) => Promise<unknown>;
  readonly holds: Holds;
}

const system =
  "Write a title for this conversation. Reply with the title only: at most six words, in the language of the task, without quotation marks or a final period.";
/** A title takes ten tokens; a reasoning model needs room to think first. */
const maxOutputTokens = 600;
const timeoutMs = 30_000;
/** Of the task and of the final answer each. */
const maxCharacters = 2_000;
/** Enough to find the task at the start of a log and the final answer at its end. */
const maxEvents = 20;
/** Includes requests that failed or were aborted. */
const maxAttempts = 3;

const endedWell: ReadonlySet<AgentState | null> = new Set(["finished", "rejected", "awaiting_user_input"] as const);

export class Titles {
  readonly #deps: TitlesDeps;
  #attempts = 0;
  #request: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  constructor(deps: TitlesDeps) {
    this.#deps = deps;
  }

  /** Work that begins aborts the request; a turn that ended well starts one. */
  onStateChange(before: AgentState | null, state: ConversationState): void {
    if (state.agentState === "running") void this.stop();
    else if (before === "running" && endedWell.has(state.agentState)) this.#start(state);
  }

  #start(state: ConversationState): void {
    if (isExhausted(state, this.#deps.limits)) return;
    if (state.titleRequested || this.#request !== undefined || this.#attempts >= maxAttempts) return;
    this.#attempts += 1;
    const stop = new AbortController();
    const done = this.#deps.holds
      .during(() => this.#requestTitle(state, AbortSignal.any([stop.signal, AbortSignal.timeout(timeoutMs)])))
      .catch(() => {})
      .then(() => (this.#request = undefined));
    this.#request = { stop, done: done.then(() => {}) };
  }

  /** Aborts the model call, if there is one. */
  async stop(): Promise<void> {
    this.#request?.stop.abort();
    await this.#request?.done;
  }

  async #requestTitle(state: ConversationState, signal: AbortSignal): Promise<void> {
    if (!(await this.#deps.isWanted())) return;
    const model = await this.#deps.model();
    if (model.isScript === true) return;
    const first = await this.#deps.read(-1, maxEvents);
    const last = await this.#deps.read(state.head - maxEvents, maxEvents);
    const task = first.map(taskIn).find((text) => text !== "") ?? state.title;
    const answer = last.map(answerIn).findLast((text) => text !== "") ?? "";
    const text = `The task:\n${task.slice(0, maxCharacters)}\n\nThe result:\n${answer.slice(0, maxCharacters)}`;
    const reply = await replyOf(model, text, signal);
    if (reply === undefined || signal.aborted) return;
    const { usage, costUsd } = reply;
    const title = reply.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
    const extras = { model: reply.model ?? model.name, usage, cost_usd: costUsd };
    await this.#deps.append(observation("environment", "title", titleOf(title), extras));
  }
}

/** Undefined if the first attempt failed. */
async function replyOf(model: Model, text: string, signal: AbortSignal): Promise<ModelReply | undefined> {
  const messages = [{ role: "user", text, imageUrls: [] } as const];
  const replying = model.reply({ system, tools: [], messages, maxOutputTokens }, signal);
  for (;;) {
    const step = await replying.next();
    if (step.done === true) return step.value;
    if (step.value.type !== "retry") continue;
    await replying.return(undefined as never);
    return undefined;
  }
}

function taskIn(event: Event): string {
  if (!isAction(event) || event.source !== "user") return "";
  return event.action === "start" ? event.args.task : event.action === "message" ? event.args.content : "";
}

function answerIn(event: Event): string {
  if (!isAction(event) || event.source !== "agent") return "";
  return event.action === "finish" ? event.args.thought : event.action === "message" ? event.args.content : "";
}

/** One line of plain text; empty if the reply is not a title. */
export function titleOf(reply: string): string {
  const line = reply.split("\n").find((each) => each.trim() !== "") ?? "";
  const plain = line
    .replaceAll(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu, "")
    .replace(/^[\s#*_"'`“„«]+(?:title: *)?/i, "")
    .replace(/[\s*_"'`”“».]+$/, "");
  return plain.length > 80 ? "" : plain;
}
