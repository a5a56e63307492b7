import type { Runtime } from "../runtime/runtime.ts";

/** The runtime of a conversation, started at the first need. A start that failed is tried again at the next. */
export class LazyRuntime implements AsyncDisposable {
  readonly #create: () => Promise<Runtime>;
  #started: Promise<Runtime> | undefined;

  constructor(create: () => Promise<Runtime>) {
    this.#create = create;
  }

  /** What is there, or on its way. */
  get started(): Promise<Runtime> | undefined {
    return this.#started;
  }

  start(): Promise<Runtime> {
    if (this.#started === undefined) {
      const starting = this.#create();
      this.#started = starting;
      starting.catch(() => {
        if (this.#started === starting) this.#started = undefined;
      });
    }
    return this.#started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const started = this.#started;
    this.#started = undefined;
    await started?.then(
      (runtime) => runtime[Symbol.asyncDispose](),
      () => {},
    );
  }
}
