/** A running sandbox takes a few megabytes and some six processes; this many may stay while their conversations are idle. */
const defaultMaxRuntimes = 64;

interface PooledRuntime {
  /** Returns false if something still depends on it. */
  release(): boolean;
}

/** The running sandboxes of all conversations, least recently used first. */
export class RuntimePool {
  readonly #maxRuntimes: number;
  readonly #runtimes = new Set<PooledRuntime>();

  constructor(maxRuntimes = defaultMaxRuntimes) {
    this.#maxRuntimes = maxRuntimes;
  }

  /** Marks it as used. If there are too many, the least recently used ones that nothing depends on are released. */
  used(runtime: PooledRuntime): void {
    this.#runtimes.delete(runtime);
    this.#runtimes.add(runtime);
    for (const each of this.#runtimes) {
      if (this.#runtimes.size <= this.#maxRuntimes) return;
      if (each !== runtime && each.release()) this.#runtimes.delete(each);
    }
  }

  gone(runtime: PooledRuntime): void {
    this.#runtimes.delete(runtime);
  }
}
