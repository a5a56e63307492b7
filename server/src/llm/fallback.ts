/**
 * A model that cannot be reached is stood in for by the next of a list, and asked again after a while.
 *
 * Out is what does not answer (`model_unavailable`, `model_timeout`) and what wants to be left alone (`model_rate_limited`). A
 * wrong key, a conversation that is too long or a refusal is no outage: another model would hide it. Who is out is known to all
 * conversations; whom a conversation has been told of is read from its last reply.
 */
import { DeckhandError, type ErrorCode } from "@deckhand/protocol";
import type { Model, ModelProgress, ModelReply, ModelRequest } from "./model.ts";
import { ModelFailure } from "./failures/model-failure.ts";

/** How long a model that failed is not asked, where it did not say itself. */
const outForMs = 60_000;
const longestOutMs = 15 * 60_000;

const outages: ReadonlySet<ErrorCode> = new Set(["model_unavailable", "model_timeout", "model_rate_limited"] as const);

/** Until when models are not asked, by name. There are as many as are configured. */
export class Outages {
  readonly #until = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  isOut(name: string): boolean {
    return (this.#until.get(name) ?? Number.NEGATIVE_INFINITY) > this.#now();
  }

  add(name: string, retryAfterMs: number | null): void {
    this.#until.set(name, this.#now() + Math.min(longestOutMs, Math.max(outForMs, retryAfterMs ?? 0)));
  }

  end(name: string): void {
    this.#until.delete(name);
  }
}

interface Fallback {
  readonly first: Model;
  /** Names, best first; at least one. */
  readonly others: readonly string[];
  /** Fails where such a model is not configured. */
  readonly find: (name: string, isLast: boolean) => Promise<Model>;
  readonly outages: Outages;
}

export function withFallback({ first, others, find, outages: known }: Fallback): Model {
  const names = [first.name, ...others];

  async function* reply(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelProgress, ModelReply> {
    const free = names.filter((name) => !known.isOut(name));
    // When all are out, all are asked.
    const asked = free.length > 0 ? free : names;
    const before = lastModel(request);
    const [name = first.name] = asked;
    if (name !== first.name && before !== name) yield told(`${name} stands in for ${first.name}, which is out.`);
    else if (name === first.name && before !== undefined && others.includes(before))
      yield told(`${name} is asked again.`);
    let firstFailure: DeckhandError | undefined;
    for (const [at, current] of asked.entries()) {
      const next = asked[at + 1];
      try {
        const model = current === first.name ? first : await find(current, next === undefined);
        const replied = yield* model.reply(request, signal);
        known.end(current);
        return current === first.name ? replied : { ...replied, model: current };
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof DeckhandError) || !passesOn(error, current === first.name)) throw error;
        firstFailure ??= error;
        known.add(current, error instanceof ModelFailure ? error.retryAfterMs : null);
        if (next === undefined) break;
        yield told(`${error.message} ${next} is asked instead.`);
      }
    }
    throw firstFailure ?? new DeckhandError("model_unavailable");
  }

  return { ...first, reply };
}

/** One that stands in and is not configured is passed over; nobody chose it for this conversation. */
function passesOn({ code }: DeckhandError, isFirst: boolean): boolean {
  return (
    outages.has(code) ||
    (!isFirst && (code === "model_not_configured" || code === "model_not_found" || code === "model_auth"))
  );
}

function lastModel({ messages }: ModelRequest): string | undefined {
  const last = messages.findLast((message) => message.role === "assistant");
  return last?.role === "assistant" ? last.model : undefined;
}

function told(message: string): ModelProgress {
  return { type: "switch", code: "model_switched", message };
}
