import type { Runtime } from "../../runtime/runtime.ts";
import type { Holds } from "../holds.ts";
import type { RuntimePool } from "./runtime-pool.ts";

/** A running sandbox takes a few megabytes and some six processes; after half an hour without use it is not missed. */
const idleMs = 30 * 60_000;

interface LazyRuntimeDeps {
  readonly create: () => Promise<Runtime>;
  /** The sandboxes of all conversations. */
  readonly pool: RuntimePool;
  readonly holds: Holds;
  /** Whether something depends on the very sandbox that runs now. */
  readonly isNeeded: () => boolean;
  readonly onFault: (fault: unknown) => void;
}

/**
 * The runtime of a conversation, started when first needed and released after a long idle time, or when too many others are
 * in use. A start that failed is tried again when next needed.
 */
export class LazyRuntime implements AsyncDisposable {
  readonly #deps: LazyRuntimeDeps;
  #started: Promise<Runtime> | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  /** While a sandbox may be running its conversation stays in memory, or nobody would end the sandbox. */
  #hold: Disposable | undefined;

  constructor(deps: LazyRuntimeDeps) {
    this.#deps = deps;
  }

  start(): Promise<Runtime> {
    return this.#started ?? this.#start();
  }

  /** Restarts the idle time. */
  touch(): void {
    if (this.#idleTimer === undefined) return;
    this.#idleTimer.refresh();
    this.#deps.pool.used(this);
  }

  /** Ends the background processes, if a sandbox is running. */
  async killJobs(): Promise<void> {
    const runtime = await this.#started?.catch(() => undefined);
    for (const { id, state } of runtime?.jobs.list() ?? []) if (state === "running") runtime?.jobs.signal(id, "KILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#deps.pool.gone(this);
    clearInterval(this.#idleTimer);
    this.#idleTimer = undefined;
    const started = this.#started;
    const hold = this.#hold;
    this.#started = undefined;
    this.#hold = undefined;
    try {
      const runtime = await started?.catch(() => undefined);
      await runtime?.[Symbol.asyncDispose]();
    } finally {
      hold?.[Symbol.dispose]();
    }
  }

  /** Returns false if it is needed. */
  release(): boolean {
    if (this.#deps.isNeeded()) return false;
    this[Symbol.asyncDispose]().catch(this.#deps.onFault);
    return true;
  }

  async #start(): Promise<Runtime> {
    const { create, pool, holds } = this.#deps;
    this.#hold ??= holds.hold();
    this.#idleTimer ??= setInterval(() => this.release(), idleMs).unref();
    pool.used(this);
    const starting = create();
    this.#started = starting;
    try {
      return await starting;
    } catch (error) {
      if (this.#started === starting) this.#started = undefined;
      throw error;
    }
  }
}
