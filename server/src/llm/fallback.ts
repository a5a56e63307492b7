/**
 * When a model is unavailable, the next of a list takes over, and the first is tried again after a while.
 *
 * An outage is a model that does not answer (`model_unavailable`, `model_timeout`) or limits the rate
 * (`model_rate_limited`). A wrong key, a conversation that is too long, or a refusal is not an outage: a fallback would
 * hide it. All conversations share the outages; which model a conversation last used is read from its last reply.
 */
import { DeckhandError, type ErrorCode } from "@deckhand/protocol";
import type { Model, ModelProgress, ModelReply, ModelRequest } from "./model.ts";
import { ModelFailure } from "./failures/model-failure.ts";

/** How long an outage lasts if the provider did not say. */
const outageMs = 60_000;
const maxOutageMs = 15 * 60_000;

const outageCodes: ReadonlySet<ErrorCode> = new Set([
  "model_unavailable",
  "model_timeout",
  "model_rate_limited",
] as const);

/** The models to skip, by name, and until when. Bounded by the number of configured models. */
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
    this.#until.set(name, this.#now() + Math.min(maxOutageMs, Math.max(outageMs, retryAfterMs ?? 0)));
  }

  end(name: string): void {
    this.#until.delete(name);
  }
}

interface Fallback {
  readonly first: Model;
  /** Names in order of preference; at least one. */
  readonly others: readonly string[];
  /** Fails if the model is not configured. */
  readonly find: (name: string, isLast: boolean) => Promise<Model>;
  readonly outages: Outages;
}

export function withFallback({ first, others, find, outages }: Fallback): Model {
  const names = [first.name, ...others];

  async function* reply(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelProgress, ModelReply> {
    const available = names.filter((name) => !outages.isOut(name));
    // When all are out, all are tried.
    const candidates = available.length > 0 ? available : names;
    const previous = lastModel(request);
    const [name = first.name] = candidates;
    if (name !== first.name && previous !== name)
      yield switched(`Using ${name}, because ${first.name} is unavailable.`);
    else if (name === first.name && previous !== undefined && others.includes(previous))
      yield switched(`Using ${name} again.`);
    let firstFailure: DeckhandError | undefined;
    for (const [at, current] of candidates.entries()) {
      const next = candidates[at + 1];
      try {
        const model = current === first.name ? first : await find(current, next === undefined);
        const answer = yield* model.reply(request, signal);
        outages.end(current);
        return current === first.name ? answer : { ...answer, model: current };
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof DeckhandError) || !fallsBack(error, current === first.name)) throw error;
        firstFailure ??= error;
        outages.add(current, error instanceof ModelFailure ? error.retryAfterMs : null);
        if (next === undefined) break;
        yield switched(`${error.message} Switching to ${next}.`);
      }
    }
    throw firstFailure ?? new DeckhandError("model_unavailable");
  }

  return { ...first, reply };
}

/** A fallback that is not configured is skipped: no user chose it for this conversation. */
function fallsBack({ code }: DeckhandError, isFirst: boolean): boolean {
  return (
    outageCodes.has(code) ||
    (!isFirst && (code === "model_not_configured" || code === "model_not_found" || code === "model_auth"))
  );
}

function lastModel({ messages }: ModelRequest): string | undefined {
  const last = messages.findLast((message) => message.role === "assistant");
  return last?.role === "assistant" ? last.model : undefined;
}

function switched(message: string): ModelProgress {
  return { type: "switch", code: "model_switched", message };
}
