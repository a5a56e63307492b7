/**
 * From the log to what a conversation shows, event by event: bookkeeping left out, each action together with its observation,
 * a message of a person where the agent took it in. What a person sends meanwhile is the state's `queued`.
 */
import { isAction, isWorking, isRunnable, type Action, type Event, type Observation } from "@deckhand/protocol";
import { messageKey, reasoningKey, type Item, type StepCost } from "./item.ts";

/** Omit that keeps a union apart. */
type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never;
type Fresh = Without<Item, "key" | "id">;

interface Turn {
  startedMs: number;
  steps: number;
  costUsd: number;
  priced: boolean;
}

export class ItemFold {
  #taken = 0;
  #first: Event | undefined;
  #items: Item[] = [];
  #shown: readonly Item[] = [];
  /** Where the card of an action is, until its observation has come. */
  #open = new Map<number, number>();
  #queued = new Map<number, Action>();
  #steps = 0;
  /** Of the last reply, until it stands with something. */
  #step: StepCost | undefined;
  /** What the last reply said, so that the action that carries it as its thought does not say it again. */
  #said = "";
  #lastError = "";
  #turn: Turn | undefined;

  /** Replies so far; what streams in belongs to the next. */
  get steps(): number {
    return this.#steps;
  }

  /** Takes in what is new in the log, which only grows, and returns the items; the same array when nothing has changed. */
  read(events: readonly Event[]): readonly Item[] {
    if (events.length < this.#taken || events[0] !== this.#first) this.#restart(events[0]);
    if (events.length === this.#taken) return this.#shown;
    for (const event of events.slice(this.#taken)) {
      if (isAction(event)) this.#addAction(event);
      else this.#addObservation(event);
    }
    this.#taken = events.length;
    this.#shown = this.#items.slice();
    return this.#shown;
  }

  #restart(first: Event | undefined): void {
    this.#taken = 0;
    this.#first = first;
    this.#items = [];
    this.#shown = [];
    this.#open.clear();
    this.#queued.clear();
    this.#steps = 0;
    this.#step = undefined;
    this.#said = "";
    this.#lastError = "";
    this.#turn = undefined;
  }

  #push(id: number, item: Fresh, key = `e${id}`): void {
    this.#items.push({ ...item, key, id });
  }

  /** With the first thing that a reply brings; for the others nothing. */
  #takeStep(): StepCost | undefined {
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
        return this.#says(id, event.action === "start" ? event.args.task : event.args.content);
      case "finish":
      case "reject":
        this.#unsay(event.message);
        return this.#push(id, { type: "result", action: event });
      case "think":
        return this.#push(id, {
          type: "reasoning",
          text: event.args.thought,
          durationMs: undefined,
          step: this.#takeStep(),
        });
      case "initialize":
      case "change_agent_state":
        return;
      case "approve": {
        // Of one's own click one knows; of another's, of a rule and of the clock's one does not.
        const { name, rules } = event.args;
        const isTold = name !== undefined || rules !== undefined || event.source === "environment";
        return isTold ? this.#note(id, event.message, "quiet") : undefined;
      }
      case "allow_host":
      case "compact":
      case "add_task":
      case "modify_task":
        return this.#note(id, event.message, "quiet");
      default:
        if (!isRunnable(event.action)) return this.#note(id, event.message, "quiet");
        if ("thought" in event.args) this.#says(id, event.args.thought);
        this.#open.set(id, this.#items.length);
        return this.#push(id, { type: "action", action: event, observation: undefined, step: this.#takeStep() });
    }
  }

  #says(id: number, text: string): void {
    if (text.trim() === "" || text === this.#said) return;
    this.#push(id, { type: "message", text, step: this.#takeStep() }, `e${id}t`);
  }

  /** What ends the work says the same in a card of its own. */
  #unsay(text: string): void {
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
        return this.#takeReply(event);
      case "chat":
        return this.#takeIn(event);
      case "title":
      case "checkpoint":
      case "child":
      case "tools":
      case "imported":
      case "terminal":
        return;
      case "hook":
        // Those that change nothing are the log's own.
        return event.extras.blocks || event.extras.exit_code !== 0 ? this.#note(id, event.content, "warn") : undefined;
      case "nudge":
      case "upload":
        return this.#note(id, event.content, "quiet", event);
      case "status": {
        // Of consecutive retries only the last one is shown.
        const last = this.#items.at(-1);
        if (last?.type === "note" && last.about?.observation === "status" && isRetry(last.about)) this.#items.pop();
        return this.#note(id, event.content, isNews(event) ? "quiet" : "warn", event);
      }
      case "error":
        this.#lastError = event.content;
        return this.#note(id, event.content, toneOf(event), event);
      case "agent_state_changed":
        return this.#changeState(event);
      default:
        return this.#note(id, event.message || event.observation, "quiet");
    }
  }

  #takeIn({ id, cause, content, extras, timestamp }: Observation<"chat">): void {
    const asked = cause === undefined ? undefined : this.#queued.get(cause);
    if (cause !== undefined) this.#queued.delete(cause);
    const images = asked?.action === "message" ? asked.args.image_urls : extras.image_urls;
    const text =
      asked?.action === "start" ? asked.args.task : asked?.action === "message" ? asked.args.content : content;
    this.#push(cause ?? id, { type: "user", text, images: images ?? [] });
    this.#turn = { startedMs: Date.parse(timestamp), steps: 0, costUsd: 0, priced: true };
  }

  #takeReply({ id, extras }: Observation<"reply">): void {
    this.#steps += 1;
    const { duration_ms: durationMs, cost_usd: costUsd, usage, model, parts } = extras;
    this.#step = { number: this.#steps, durationMs, costUsd, usage, model };
    if (this.#turn !== undefined) {
      this.#turn.steps += 1;
      this.#turn.costUsd += costUsd ?? 0;
      this.#turn.priced &&= costUsd !== null;
    }
    const reasoning = textOf(parts, "reasoning");
    this.#said = textOf(parts, "text");
    const speaks = this.#said.trim() !== "";
    if (reasoning.trim() !== "") {
      const step = speaks ? undefined : this.#takeStep();
      this.#push(id, { type: "reasoning", text: reasoning, durationMs, step }, reasoningKey(this.#steps));
    }
    if (speaks) this.#push(id, { type: "message", text: this.#said, step: this.#takeStep() }, messageKey(this.#steps));
  }

  #changeState({ id, extras, timestamp }: Observation<"agent_state_changed">): void {
    const { agent_state: state, reason = "" } = extras;
    if (!isWorking(state) && state !== "loading" && state !== "awaiting_user_confirmation") this.#rest(id, timestamp);
    if (reason !== "" && reason !== this.#lastError) this.#note(id, reason, "quiet");
    this.#lastError = "";
  }

  #rest(id: number, timestamp: string): void {
    const turn = this.#turn;
    if (turn === undefined || turn.steps === 0) return;
    const { startedMs, ...took } = turn;
    this.#push(id, { type: "turn-end", ...took, durationMs: Date.parse(timestamp) - startedMs }, `rest${id}`);
    this.#turn = undefined;
  }

  #note(id: number, text: string, tone: "quiet" | "warn" | "bad", about?: Observation): void {
    if (text.trim() !== "") this.#push(id, { type: "note", text, tone, ...(about === undefined ? {} : { about }) });
  }
}

function isRetry({ extras }: Observation<"status">): boolean {
  return extras.attempt !== undefined;
}

/** A status that reports progress rather than a problem. */
function isNews({ extras }: Observation<"status">): boolean {
  return extras.code === "workspace" || extras.code === "compaction";
}

function toneOf({ extras: { code } }: Observation<"error">): "quiet" | "warn" | "bad" {
  // The agent is asked to check its claims again; nothing has failed yet.
  if (code === "claim_not_shown") return "quiet";
  return code.startsWith("limit_") ? "warn" : "bad";
}

function textOf(parts: Observation<"reply">["extras"]["parts"], type: "text" | "reasoning"): string {
  return parts
    .filter((part) => part.type === type)
    .map((part) => ("text" in part ? part.text : ""))
    .join("");
}
