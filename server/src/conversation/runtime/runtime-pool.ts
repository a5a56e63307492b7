/** A shell takes a few megabytes and some six processes: so many may wait for their conversation to go on. */
const most = 64;

interface PooledRuntime {
  /** False where somebody still counts on it. */
  release(): boolean;
}

/** The shells of all conversations, the one that was used longest ago first. */
export class RuntimePool {
  readonly #most: number;
  readonly #shells = new Set<PooledRuntime>();

  constructor(mostShells = most) {
    this.#most = mostShells;
  }

  /** It is used now; where there are too many, the one that was not for longest, and that nobody counts on, is given up. */
  used(shell: PooledRuntime): void {
    this.#shells.delete(shell);
    this.#shells.add(shell);
    for (const each of this.#shells) {
      if (this.#shells.size <= this.#most) return;
      if (each !== shell && each.release()) this.#shells.delete(each);
    }
  }

  gone(shell: PooledRuntime): void {
    this.#shells.delete(shell);
  }
}
