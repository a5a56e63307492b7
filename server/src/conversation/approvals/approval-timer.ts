/** Calls back when an approval has waited long enough; one at a time, as only one action waits. */
export class ApprovalTimer implements Disposable {
  readonly #now: () => number;
  readonly #expire: (id: number) => void;
  #watched: { readonly id: number; readonly timer: NodeJS.Timeout } | undefined;

  constructor(now: () => number, expire: (id: number) => void) {
    this.#now = now;
    this.#expire = expire;
  }

  /** Is told what waits now; the same again changes nothing. */
  watch(awaiting: { readonly id: number; readonly expires_at: string } | null): void {
    if (awaiting?.id === this.#watched?.id) return;
    this[Symbol.dispose]();
    if (awaiting === null) return;
    const { id, expires_at: at } = awaiting;
    // A timer may be a millisecond early; a deadline is not.
    const timer = setTimeout(() => this.#expire(id), Math.max(0, Date.parse(at) - this.#now()) + 2).unref();
    this.#watched = { id, timer };
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#watched?.timer);
    this.#watched = undefined;
  }
}
