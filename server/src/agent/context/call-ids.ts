/**
 * The ids of calls, as the model is shown them again. Some models begin to count anew with each reply (`call_0`), and a
 * conversation may change its model; but providers refuse a history in which an id stands twice. The first call of an id
 * keeps it. Nothing but the log decides, so that the same log gives the same bytes.
 */
import type { ReplyPart } from "@deckhand/protocol";

export class CallIds {
  readonly #taken = new Set<string>();

  /** The parts of the reply of that event; the same object where nothing is another. */
  own(parts: readonly ReplyPart[], reply: number): readonly ReplyPart[] {
    const own = parts.map((part) => {
      if (part.type !== "call") return part;
      const id = this.#take(part.id, reply);
      return id === part.id ? part : { ...part, id };
    });
    return own.every((part, at) => part === parts[at]) ? parts : own;
  }

  #take(id: string, reply: number): string {
    let wanted = id;
    for (let copy = 1; this.#taken.has(plain(wanted)); copy += 1) {
      wanted = `call_${reply}${copy === 1 ? "" : `_${copy}`}`;
    }
    this.#taken.add(plain(wanted));
    return wanted;
  }
}

/** Two that a provider's alphabet makes one are one. */
function plain(id: string): string {
  return id.replaceAll(/[^\w-]/g, "_").slice(0, 64) || "_";
}
