import type { Runtime } from "../../runtime/runtime.ts";
import type { RuntimePool } from "./runtime-pool.ts";

/** A shell takes a few megabytes and three processes; one that nobody used for half an hour is not missed. */
const idleMs = 30 * 60_000;

interface LazyRuntimeDeps {
  readonly create: () => Promise<Runtime>;
  /** Those of all conversations. */
  readonly shells: RuntimePool;
  /** Somebody still counts on this very shell. */
  readonly isNeeded: () => boolean;
  readonly onFault: (fault: unknown) => void;
}

/**
 * The runtime of a conversation, started at the first need and given up when nothing has happened for long, or when too many
 * others are in use. A start that failed is tried again at the next need.
 */
export class LazyRuntime implements AsyncDisposable {
  readonly #deps: LazyRuntimeDeps;
  #started: Promise<Runtime> | undefined;
  /** Is there while a shell may be, and holds the conversation: one that was forgotten would leave its shell behind. */
  #rest: NodeJS.Timeout | undefined;

  constructor(deps: LazyRuntimeDeps) {
    this.#deps = deps;
  }

  /** What is there, or on its way. */
  get started(): Promise<Runtime> | undefined {
    return this.#started;
  }

  start(): Promise<Runtime> {
    if (this.#started === undefined) {
      this.#rest ??= setInterval(() => this.release(), idleMs).unref();
      this.#deps.shells.used(this);
      const starting = this.#deps.create();
      this.#started = starting;
      starting.catch(() => {
        if (this.#started === starting) this.#started = undefined;
      });
    }
    return this.#started;
  }

  /** Something has happened. */
  touch(): void {
    if (this.#rest === undefined) return;
    this.#rest.refresh();
    this.#deps.shells.used(this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#deps.shells.gone(this);
    clearInterval(this.#rest);
    this.#rest = undefined;
    const started = this.#started;
    this.#started = undefined;
    await started?.then(
      (runtime) => runtime[Symbol.asyncDispose](),
      () => {},
    );
  }

  /** False where it is needed. */
  release(): boolean {
    if (this.#deps.isNeeded()) return false;
    this[Symbol.asyncDispose]().catch(this.#deps.onFault);
    return true;
  }
}
