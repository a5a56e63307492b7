/**
 * The call ids the model is shown. Some models restart their numbering with each reply (`call_0`), and a conversation
 * may switch models; but providers reject a history in which an id occurs twice. The first call with an id keeps it.
 * Only the log decides, so the same log gives the same bytes.
 */
import type { ReplyPart } from "@deckhand/protocol";

export class CallIds {
  readonly #taken = new Set<string>();

  /** The parts of a reply with unique ids; the same array when no id changes. `reply` is the id of its event. */
  unique(parts: readonly ReplyPart[], reply: number): readonly ReplyPart[] {
    const unique = parts.map((part) => {
      if (part.type !== "call") return part;
      const id = this.#take(part.id, reply);
      return id === part.id ? part : { ...part, id };
    });
    return unique.every((part, at) => part === parts[at]) ? parts : unique;
  }

  #take(id: string, reply: number): string {
    let candidate = id;
    for (let copy = 1; this.#taken.has(normalize(candidate)); copy += 1) {
      candidate = `call_${reply}${copy === 1 ? "" : `_${copy}`}`;
    }
    this.#taken.add(normalize(candidate));
    return candidate;
  }
}

/** Ids that become equal in a provider's alphabet count as equal. */
function normalize(id: string): string {
  return id.replaceAll(/[^\w-]/g, "_").slice(0, 64) || "_";
}
