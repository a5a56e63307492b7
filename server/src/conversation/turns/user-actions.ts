/** Actions that clients submit themselves. They run alongside the agent's work. */
import type { Delta, NewAction, NewEvent } from "@deckhand/protocol";
import { runAction } from "../../agent/execution/run-action.ts";
import type { AcquireRuntime } from "../../agent/turn-types.ts";
import type { Delegate, Tool } from "../../tools/tool.ts";

interface Started {
  readonly id: number;
  readonly event: NewAction;
  readonly tool: Tool;
}

interface UserActionDeps {
  readonly runtime: AcquireRuntime;
  readonly delegate: Delegate;
  readonly append: (events: readonly NewEvent[]) => Promise<unknown>;
  readonly emit: (delta: Delta) => void;
  readonly onFault: (fault: unknown) => void;
}

class UserAction {
  /** Never rejects. */
  readonly done: Promise<void>;
  readonly #stop = new AbortController();

  constructor(started: Started, deps: UserActionDeps) {
    this.done = this.#run(started, deps).catch(deps.onFault);
  }

  stop(): Promise<void> {
    this.#stop.abort();
    return this.done;
  }

  async #run(
    { id, event, tool }: Started,
    { runtime, delegate, append, emit, onFault }: UserActionDeps,
  ): Promise<void> {
    const { signal } = this.#stop;
    const answer = await runAction({ event, tool }, { id, runtime, delegate, signal, onDelta: emit });
    await append([answer.observation]);
    if (answer.bug !== undefined) onFault(answer.bug.error);
  }
}

export class UserActions {
  readonly #deps: UserActionDeps;
  readonly #running = new Set<UserAction>();

  constructor(deps: UserActionDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#running.size;
  }

  start(started: Started): void {
    const running = new UserAction(started, this.#deps);
    this.#running.add(running);
    void running.done.then(() => this.#running.delete(running));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running].map((running) => running.stop()));
  }
}
