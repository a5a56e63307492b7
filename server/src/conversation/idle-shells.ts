/** A shell takes a few megabytes and some six processes: so many may wait for their conversation to go on. */
const most = 64;

interface IdleShell {
  /** False where somebody still counts on it. */
  giveUp(): boolean;
}

/** The shells of all conversations, the one that was used longest ago first. */
export class IdleShells {
  readonly #most: number;
  readonly #shells = new Set<IdleShell>();

  constructor(mostShells = most) {
    this.#most = mostShells;
  }

  /** It is used now; where there are too many, the one that was not for longest, and that nobody counts on, is given up. */
  used(shell: IdleShell): void {
    this.#shells.delete(shell);
    this.#shells.add(shell);
    for (const each of this.#shells) {
      if (this.#shells.size <= this.#most) return;
      if (each !== shell && each.giveUp()) this.#shells.delete(each);
    }
  }

  gone(shell: IdleShell): void {
    this.#shells.delete(shell);
  }
}
