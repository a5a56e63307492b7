/** The messages of a prompt, each with the id of the event that it begins with, and what can be taken out of them again. */
import type { ContextPart } from "@deckhand/protocol";
import type { ModelMessage, ToolResult } from "../../llm/model.ts";

interface Entry {
  readonly id: number;
  readonly part: ContextPart;
  readonly message: ModelMessage;
  readonly chars: number;
  /** What takes its place where room is made; by default long results go. */
  readonly short?: ModelMessage | undefined;
}

/** What an image is counted as; providers take some 1,500 tokens for one. */
const imageChars = 5000;
/** Results up to this length stay: there is nothing to be gained. */
const maskChars = 400;

export class Messages {
  #entries: Entry[] = [];
  #messages: ModelMessage[] = [];
  #chars = 0;

  get all(): readonly ModelMessage[] {
    return this.#messages;
  }

  get chars(): number {
    return this.#chars;
  }

  /** How many of them are of what. */
  get charsByPart(): ReadonlyMap<ContextPart, number> {
    const by = new Map<ContextPart, number>();
    for (const { part, chars } of this.#entries) by.set(part, (by.get(part) ?? 0) + chars);
    return by;
  }

  /** Of results, `id` is that of their reply. */
  add(id: number, part: ContextPart, message: ModelMessage, short?: ModelMessage): void {
    const chars = charsOf(message);
    this.#entries.push({ id, part, message, chars, short });
    this.#messages.push(message);
    this.#chars += chars;
  }

  /**
   * The last event before the longest end of the list that has at most `chars`, and begins neither with results nor in the
   * middle of a step. -1: all of it fits.
   */
  lastIdBeforeTail(chars: number): number {
    let first = this.#entries.length;
    let kept = 0;
    for (let at = first - 1; at >= 0; at -= 1) {
      const { chars: more = 0, id = -1 } = this.#entries[at] ?? {};
      kept += more;
      if (kept > chars) return (this.#entries[first]?.id ?? this.#lastId() + 1) - 1;
      if (this.#entries[at - 1]?.id !== id) first = at;
    }
    return -1;
  }

  upTo(id: number): readonly ModelMessage[] {
    return this.#entries.filter((entry) => entry.id <= id).map(({ message }) => message);
  }

  /** Characters that `mask(id)` would free. */
  prunableChars(id: number): number {
    return this.#entries.reduce(
      (sum, entry) => (entry.id <= id ? sum + entry.chars - charsOf(shortened(entry)) : sum),
      0,
    );
  }

  /** Leaves long results out, up to and with the event `id`. */
  prune(id: number): void {
    this.#replace(
      this.#entries.map((entry) => (entry.id <= id ? entryOf(entry.id, entry.part, shortened(entry)) : entry)),
    );
  }

  /** Puts one message in the place of all up to and with the event `id`. */
  replace(id: number, message: ModelMessage): void {
    this.#replace([entryOf(id, "summary", message), ...this.#entries.filter((entry) => entry.id > id)]);
  }

  #replace(entries: Entry[]): void {
    this.#entries = entries;
    this.#messages = entries.map(({ message }) => message);
    this.#chars = entries.reduce((sum, { chars }) => sum + chars, 0);
  }

  #lastId(): number {
    return this.#entries.at(-1)?.id ?? -1;
  }
}

function entryOf(id: number, part: ContextPart, message: ModelMessage): Entry {
  return { id, part, message, chars: charsOf(message) };
}

function shortened({ message, short }: Entry): ModelMessage {
  return short ?? pruned(message);
}

export function charsOf(message: ModelMessage): number {
  switch (message.role) {
    case "user":
      return message.text.length + message.imageUrls.length * imageChars;
    case "assistant":
      return message.parts.reduce(
        (sum, part) => sum + (part.type === "call" ? part.name.length + part.arguments.length : part.text.length),
        0,
      );
    case "tool":
      return message.results.reduce((sum, { content }) => sum + content.length, 0);
  }
}

/** The same message when there is nothing long in it. */
export function pruned(message: ModelMessage): ModelMessage {
  if (message.role !== "tool" || message.results.every(({ content }) => content.length <= maskChars)) return message;
  return { role: "tool", results: message.results.map(maskedResult) };
}

function maskedResult(result: ToolResult): ToolResult {
  const { content } = result;
  if (content.length <= maskChars) return result;
  return {
    ...result,
    content: `[${content.length} characters are left out here to save room. Do it again if you need them.]`,
  };
}
