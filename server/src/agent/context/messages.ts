/**
 * The messages of a prompt, each with the id of the event it begins with, and what a compaction can remove from them.
 */
import type { ContextPart } from "@deckhand/protocol";
import type { ModelMessage, ToolResult } from "../../llm/model.ts";

interface Entry {
  readonly id: number;
  readonly part: ContextPart;
  readonly message: ModelMessage;
  readonly chars: number;
  /** Replaces the message when it is pruned. Without it, long tool results are removed. */
  readonly pruned?: ModelMessage | undefined;
}

/** What an image counts as; providers charge some 1,500 tokens for one. */
const imageChars = 5000;
/** Results up to this length are kept: removing them gains nothing. */
const minPrunedChars = 400;

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

  get charsByPart(): ReadonlyMap<ContextPart, number> {
    const sums = new Map<ContextPart, number>();
    for (const { part, chars } of this.#entries) sums.set(part, (sums.get(part) ?? 0) + chars);
    return sums;
  }

  /** For tool results, `id` is the id of their reply. */
  add(id: number, part: ContextPart, message: ModelMessage, pruned?: ModelMessage): void {
    const chars = charsOf(message);
    this.#entries.push({ id, part, message, chars, pruned });
    this.#messages.push(message);
    this.#chars += chars;
  }

  /**
   * The id of the last event before the longest tail of at most `chars`. The tail begins neither with results nor in
   * the middle of a step. -1 when everything fits.
   */
  lastIdBeforeTail(chars: number): number {
    let first = this.#entries.length;
    let sum = 0;
    for (let at = first - 1; at >= 0; at -= 1) {
      const { chars: more = 0, id = -1 } = this.#entries[at] ?? {};
      sum += more;
      if (sum > chars) return (this.#entries[first]?.id ?? this.#lastId() + 1) - 1;
      if (this.#entries[at - 1]?.id !== id) first = at;
    }
    return -1;
  }

  upTo(id: number): readonly ModelMessage[] {
    return this.#entries.filter((entry) => entry.id <= id).map(({ message }) => message);
  }

  /** How many characters `prune(id)` would free. */
  prunableChars(id: number): number {
    return this.#entries.reduce(
      (sum, entry) => (entry.id <= id ? sum + entry.chars - charsOf(prunedEntry(entry)) : sum),
      0,
    );
  }

  /** Removes long tool results, up to and including the event `id`. */
  prune(id: number): void {
    this.#replaceAll(
      this.#entries.map((entry) => (entry.id <= id ? entryOf(entry.id, entry.part, prunedEntry(entry)) : entry)),
    );
  }

  /** Replaces all messages up to and including the event `id` with one. */
  replace(id: number, message: ModelMessage): void {
    this.#replaceAll([entryOf(id, "summary", message), ...this.#entries.filter((entry) => entry.id > id)]);
  }

  #replaceAll(entries: Entry[]): void {
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

function prunedEntry({ message, pruned: replacement }: Entry): ModelMessage {
  return replacement ?? pruneMessage(message);
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

/** The message without long tool results; the same object when it has none. */
export function pruneMessage(message: ModelMessage): ModelMessage {
  if (message.role !== "tool" || message.results.every(({ content }) => content.length <= minPrunedChars)) {
    return message;
  }
  return { role: "tool", results: message.results.map(prunedResult) };
}

function prunedResult(result: ToolResult): ToolResult {
  const { length } = result.content;
  if (length <= minPrunedChars) return result;
  return {
    ...result,
    content: `[Output of ${length} characters removed to save context. Repeat the call if you need it.]`,
  };
}
