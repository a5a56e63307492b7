/**
 * Folds the log into the items that a conversation shows: without bookkeeping events, each action with its observation,
 * and each message of the user where the agent received it. Messages before that are in `queued` of the state.
 */
import { isAction, isWorking, isRunnable, type Action, type Event, type Observation } from "@deckhand/protocol";
import { messageKey, reasoningKey, type Item, type StepCost } from "./item.ts";

/** `Omit` that distributes over a union. */
type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never;
type NewItem = Without<Item, "key" | "id">;

interface Turn {
  startedMs: number;
  steps: number;
  costUsd: number;
  priced: boolean;
}

export class ItemFold {
  #readCount = 0;
  #first: Event | undefined;
  #items: Item[] = [];
  #result: readonly Item[] = [];
  /** The index of the item of each action that has no observation yet. */
  #open = new Map<number, number>();
  #queued = new Map<number, Action>();
  #steps = 0;
  /** Cost of the last reply, until an item shows it. */
  #step: StepCost | undefined;
  /** Text of the last reply: an action that repeats it as its thought does not show it again. */
  #replyText = "";
  #lastError = "";
  #turn: Turn | undefined;

  /** The number of replies so far; streaming text belongs to the next one. */
  get steps(): number {
    return this.#steps;
  }

  /** Reads the new events of the log, which only grows, and returns the items; the same array if nothing changed. */
  read(events: readonly Event[]): readonly Item[] {
    if (events.length < this.#readCount || events[0] !== this.#first) this.#restart(events[0]);
    if (events.length === this.#readCount) return this.#result;
    for (const event of events.slice(this.#readCount)) {
      if (isAction(event)) this.#addAction(event);
      else this.#addObservation(event);
    }
    this.#readCount = events.length;
    this.#result = this.#items.slice();
    return this.#result;
  }

  #restart(first: Event | undefined): void {
    this.#readCount = 0;
    this.#first = first;
    this.#items = [];
    this.#result = [];
    this.#open.clear();
    this.#queued.clear();
    this.#steps = 0;
    this.#step = undefined;
    this.#replyText = "";
    this.#lastError = "";
    this.#turn = undefined;
  }

  #push(id: number, item: NewItem, key = `e${id}`): void {
    this.#items.push({ ...item, key, id });
  }

  /** The cost of the last reply for its first item; undefined for the others. */
  #consumeStep(): StepCost | undefined {
    const step = this.#step;
    this.#step = undefined;
    return step;
  }

  #addAction(event: Action): void {
    const { id } = event;
    switch (event.action) {
      case "start":
      case "message":
        if (event.source === "user") return void this.#queued.set(id, event);
        return this.#addMessage(id, event.action === "start" ? event.args.task : event.args.content);
      case "finish":
      case "reject":
        this.#removeRepeated(event.message);
        return this.#push(id, { type: "result", action: event });
      case "think":
        return this.#push(id, {
          type: "reasoning",
          text: event.args.thought,
          durationMs: undefined,
          step: this.#consumeStep(),
        });
      case "initialize":
      case "change_agent_state":
        return;
      case "approve": {
        // The user's own answer needs no note; those of others, of rules and of the deadline do.
        const { name, rules } = event.args;
        const isNoted = name !== undefined || rules !== undefined || event.source === "environment";
        return isNoted ? this.#addNote(id, event.message, "quiet") : undefined;
      }
      case "allow_host":
      case "compact":
      case "add_task":
      case "modify_task":
        return this.#addNote(id, event.message, "quiet");
      default:
        if (!isRunnable(event.action)) return this.#addNote(id, event.message, "quiet");
        if ("thought" in event.args) this.#addMessage(id, event.args.thought);
        this.#open.set(id, this.#items.length);
        return this.#push(id, { type: "action", action: event, observation: undefined, step: this.#consumeStep() });
    }
  }

  #addMessage(id: number, text: string): void {
    if (text.trim() === "" || text === this.#replyText) return;
    this.#push(id, { type: "message", text, step: this.#consumeStep() }, `e${id}t`);
  }

  /** Removes the last message if the result card repeats its text. */
  #removeRepeated(text: string): void {
    const last = this.#items.at(-1);
    if (last?.type === "message" && last.text.trim() === text.trim()) this.#items.pop();
  }

  #addObservation(event: Observation): void {
    const at = event.cause === undefined ? undefined : this.#open.get(event.cause);
    const card = at === undefined ? undefined : this.#items[at];
    if (at !== undefined && event.cause !== undefined && card?.type === "action") {
      this.#open.delete(event.cause);
      this.#items[at] = { ...card, observation: event };
      return;
    }
    const { id } = event;
    switch (event.observation) {
      case "reply":
        return this.#addReply(event);
      case "chat":
        return this.#addUserMessage(event);
      case "title":
      case "checkpoint":
      case "child":
      case "tools":
      case "imported":
      case "terminal":
        return;
      case "hook":
        // Hooks without an effect are bookkeeping.
        return event.extras.blocks || event.extras.exit_code !== 0
          ? this.#addNote(id, event.content, "warn")
          : undefined;
      case "nudge":
      case "upload":
        return this.#addNote(id, event.content, "quiet", event);
      case "status": {
        // Only the last of consecutive retries is shown.
        const last = this.#items.at(-1);
        if (last?.type === "note" && last.about?.observation === "status" && isRetry(last.about)) this.#items.pop();
        return this.#addNote(id, event.content, isProgress(event) ? "quiet" : "warn", event);
      }
      case "error":
        this.#lastError = event.content;
        return this.#addNote(id, event.content, toneOf(event), event);
      case "agent_state_changed":
        return this.#changeState(event);
      default:
        return this.#addNote(id, event.message || event.observation, "quiet");
    }
  }

  #addUserMessage({ id, cause, content, extras, timestamp }: Observation<"chat">): void {
    const sent = cause === undefined ? undefined : this.#queued.get(cause);
    if (cause !== undefined) this.#queued.delete(cause);
    const images = sent?.action === "message" ? sent.args.image_urls : extras.image_urls;
    const text = sent?.action === "start" ? sent.args.task : sent?.action === "message" ? sent.args.content : content;
    this.#push(cause ?? id, { type: "user", text, images: images ?? [] });
    this.#turn = { startedMs: Date.parse(timestamp), steps: 0, costUsd: 0, priced: true };
  }

  #addReply({ id, extras }: Observation<"reply">): void {
    this.#steps += 1;
    const { duration_ms: durationMs, cost_usd: costUsd, usage, model, parts } = extras;
    this.#step = { number: this.#steps, durationMs, costUsd, usage, model };
    if (this.#turn !== undefined) {
      this.#turn.steps += 1;
      this.#turn.costUsd += costUsd ?? 0;
      this.#turn.priced &&= costUsd !== null;
    }
    const reasoning = textOf(parts, "reasoning");
    this.#replyText = textOf(parts, "text");
    const hasText = this.#replyText.trim() !== "";
    if (reasoning.trim() !== "") {
      const step = hasText ? undefined : this.#consumeStep();
      this.#push(id, { type: "reasoning", text: reasoning, durationMs, step }, reasoningKey(this.#steps));
    }
    if (hasText)
      this.#push(id, { type: "message", text: this.#replyText, step: this.#consumeStep() }, messageKey(this.#steps));
  }

  #changeState({ id, extras, timestamp }: Observation<"agent_state_changed">): void {
    const { agent_state: state, reason = "" } = extras;
    if (!isWorking(state) && state !== "loading" && state !== "awaiting_user_confirmation")
      this.#endTurn(id, timestamp);
    if (reason !== "" && reason !== this.#lastError) this.#addNote(id, reason, "quiet");
    this.#lastError = "";
  }

  #endTurn(id: number, timestamp: string): void {
    const turn = this.#turn;
    if (turn === undefined || turn.steps === 0) return;
    const { startedMs, ...totals } = turn;
    this.#push(id, { type: "turn-end", ...totals, durationMs: Date.parse(timestamp) - startedMs }, `end${id}`);
    this.#turn = undefined;
  }

  #addNote(id: number, text: string, tone: "quiet" | "warn" | "bad", about?: Observation): void {
    if (text.trim() !== "") this.#push(id, { type: "note", text, tone, ...(about === undefined ? {} : { about }) });
  }
}

function isRetry({ extras }: Observation<"status">): boolean {
  return extras.attempt !== undefined;
}

/** A status that reports progress rather than a problem. */
function isProgress({ extras }: Observation<"status">): boolean {
  return extras.code === "workspace" || extras.code === "compaction";
}

function toneOf({ extras: { code } }: Observation<"error">): "quiet" | "warn" | "bad" {
  // The agent is sent to check its claims again; nothing has failed yet.
  if (code === "claim_not_shown") return "quiet";
  return code.startsWith("limit_") ? "warn" : "bad";
}

function textOf(parts: Observation<"reply">["extras"]["parts"], type: "text" | "reasoning"): string {
  return parts.map((part) => (part.type === type ? part.text : "")).join("");
}
