/** Calls back when the time for an approval is up. Only one action waits at a time. */
export class ApprovalTimer implements Disposable {
  readonly #now: () => number;
  readonly #expire: (id: number) => void;
  #watched: { readonly id: number; readonly timer: NodeJS.Timeout } | undefined;

  constructor(now: () => number, expire: (id: number) => void) {
    this.#now = now;
    this.#expire = expire;
  }

  /** Sets the action that waits now; the same one again changes nothing. */
  watch(awaiting: { readonly id: number; readonly expires_at: string } | null): void {
    if (awaiting?.id === this.#watched?.id) return;
    this[Symbol.dispose]();
    if (awaiting === null) return;
    const { id, expires_at: at } = awaiting;
    // Timers may fire a millisecond early; a deadline must not.
    const timer = setTimeout(() => this.#expire(id), Math.max(0, Date.parse(at) - this.#now()) + 2).unref();
    this.#watched = { id, timer };
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#watched?.timer);
    this.#watched = undefined;
  }
}
