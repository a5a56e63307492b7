/** Jobs with the same key run one after another, those with different keys side by side. */
export class Lanes {
  readonly #last = new Map<string, Promise<void>>();

  /** Resolves when the job has run; a job must not reject. */
  async run(key: string, job: () => Promise<void>): Promise<void> {
    const before = this.#last.get(key);
    const mine = before === undefined ? job() : before.then(job);
    this.#last.set(key, mine);
    await mine;
    if (this.#last.get(key) === mine) this.#last.delete(key);
  }
}
