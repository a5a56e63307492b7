/**
 * A title for a conversation, asked of its own model when its first turn has ended. Nobody waits for it: it is left when
 * work begins, is not retried, and when it fails the first line of the task stays the title.
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
  /** False where a person has given it a title of their own. */
  readonly isWanted: () => Promise<boolean>;
  readonly append: (event: NewEvent) => Promise<unknown>;
  readonly holds: Holds;
}

const system =
  "You name conversations. Answer with a title for this one and nothing else: at most six words, in the language of the task, without quotation marks and without a full stop.";
/** Room for a model that thinks first; a title is ten tokens. */
const maxOutputTokens = 600;
const timeoutMs = 30_000;
/** Of the task and of the last words: a title needs no more. */
const mostCharacters = 2_000;
/** A task is among the first events, and last words are among the last. */
const mostEvents = 20;
/** Those that were left because work began, or failed. */
const mostTries = 3;

const endedWell: ReadonlySet<AgentState | null> = new Set(["finished", "rejected", "awaiting_user_input"] as const);

export class Titles {
  readonly #deps: TitlesDeps;
  #tries = 0;
  #asking: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  constructor(deps: TitlesDeps) {
    this.#deps = deps;
  }

  /** The state has changed: work that begins is not disturbed, a turn that ended well is worth a title. */
  onStateChange(before: AgentState | null, state: ConversationState): void {
    if (state.agentState === "running") void this.stop();
    else if (before === "running" && endedWell.has(state.agentState)) this.#begin(state);
  }

  #begin(state: ConversationState): void {
    if (isExhausted(state, this.#deps.limits)) return;
    if (state.titleRequested || this.#asking !== undefined || this.#tries >= mostTries) return;
    this.#tries += 1;
    const stop = new AbortController();
    const done = this.#deps.holds
      .during(() => this.#ask(state, AbortSignal.any([stop.signal, AbortSignal.timeout(timeoutMs)])))
      .catch(() => {})
      .then(() => (this.#asking = undefined));
    this.#asking = { stop, done: done.then(() => {}) };
  }

  /** Leaves the model call, if there is one. */
  async stop(): Promise<void> {
    this.#asking?.stop.abort();
    await this.#asking?.done;
  }

  async #ask(state: ConversationState, signal: AbortSignal): Promise<void> {
    if (!(await this.#deps.isWanted())) return;
    const model = await this.#deps.model();
    if (model.isScript === true) return;
    const first = await this.#deps.read(-1, mostEvents);
    const last = await this.#deps.read(state.head - mostEvents, mostEvents);
    const task = first.map(taskIn).find((text) => text !== "") ?? state.title;
    const words = last.map(wordsIn).findLast((text) => text !== "") ?? "";
    const text = `The task:\n${task.slice(0, mostCharacters)}\n\nWhat came of it:\n${words.slice(0, mostCharacters)}`;
    const reply = await replyOf(model, text, signal);
    if (reply === undefined || signal.aborted) return;
    const { usage, costUsd } = reply;
    const said = reply.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
    const extras = { model: reply.model ?? model.name, usage, cost_usd: costUsd };
    await this.#deps.append(observation("environment", "title", titleOf(said), extras));
  }
}

/** Undefined where the first attempt failed. */
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

function wordsIn(event: Event): string {
  if (!isAction(event) || event.source !== "agent") return "";
  return event.action === "finish" ? event.args.thought : event.action === "message" ? event.args.content : "";
}

/** One line of plain text; empty for an answer that is no title. */
export function titleOf(said: string): string {
  const line = said.split("\n").find((each) => each.trim() !== "") ?? "";
  const plain = line
    .replaceAll(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu, "")
    .replace(/^[\s#*_"'`“„«]+(?:title: *)?/i, "")
    .replace(/[\s*_"'`”“».]+$/, "");
  return plain.length > 80 ? "" : plain;
}
