/**
 * When the workspace of a conversation is looked at: as work begins (what a person changed), and after each step of the agent that
 * may have changed it, while the model thinks. Nobody waits for a snapshot but the next action that may write.
 */
import {
  isAction,
  isWorking,
  mayChangeWorkspace,
  observation,
  type ConversationState,
  type Event,
  type ExcludedFiles,
  type NewAction,
  type NewEvent,
} from "@deckhand/protocol";
import type { Runtime } from "../../runtime/runtime.ts";
import type { CheckpointStore, WorkspaceCheckpoints } from "../../checkpoints/checkpoint-store.ts";
import { wroteBetween } from "./checkpoint-log.ts";

interface SnapshotsDeps {
  readonly id: string;
  /** Undefined where no snapshots are wanted. */
  readonly histories: CheckpointStore | undefined;
  /** Fails with `sandbox_unavailable`, also for a workspace that cannot be one. */
  readonly runtime: () => Promise<Runtime>;
  readonly state: () => ConversationState;
  readonly read: (after: number, limit: number) => Promise<readonly Event[]>;
  readonly append: (event: NewEvent) => Promise<unknown>;
  readonly now: () => number;
  /** How often a person has typed into a terminal. */
  readonly typed: () => number;
}

/** A first look at a large workspace takes seconds; past this the agent goes on without. */
const deadlineMs = 60_000;

const mostSkips = 8;

export interface Now {
  readonly tree: string;
  readonly leftOut: ExcludedFiles;
}

export class Checkpoints {
  readonly deps: SnapshotsDeps;
  readonly #closing = new AbortController();
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  /** Something may have changed that no snapshot has, nor one that is to begin. */
  #due = false;
  /** The agent has acted since the last snapshot in the log, and changed nothing; the log is told when it rests. */
  #unsaid = false;
  /** Failures since it last went well. */
  #failures = 0;
  /** Turns that go without, so that nobody waits for the same failure at every step. */
  #skips = 0;
  #typedBefore = 0;
  /** Others in the same workspace see there whether the agent works. */
  #history: WorkspaceCheckpoints | undefined;

  constructor(deps: SnapshotsDeps) {
    this.deps = deps;
  }

  /** Is told of everything that was stored, with the state before and after. */
  onEvents(events: readonly Event[], before: ConversationState, state: ConversationState): void {
    if (this.deps.histories === undefined || this.#closing.signal.aborted) return;
    this.#tellAtWork(state);
    const begins = isWorking(state.agentState) && !isWorking(before.agentState);
    const wrote = events.some((event) => {
      const cause = isAction(event) ? undefined : event.cause;
      const asked = cause === undefined ? undefined : before.open.find(({ id }) => id === cause);
      return asked !== undefined && mayChangeWorkspace(asked.action);
    });
    const rests = isWorking(before.agentState) && !isWorking(state.agentState);
    if (begins && this.#skips > 0) this.#skips -= 1;
    else if (begins || (wrote && this.#failures === 0) || (rests && this.#unsaid)) this.#due = true;
    if (rests) this.#history?.gc();
    // The calls of one reply follow each other at once: the model thinks when they are done.
    if (!this.#due || (state.pendingCalls.length > 0 && isWorking(state.agentState) && !begins)) return;
    this.#due = false;
    void this.alone(() => this.record());
  }

  /** The runtime, once an action that may write can begin: at the end of what goes on here, or on abort. Fails as `runtime`. */
  async runtimeFor(action?: NewAction, signal?: AbortSignal): Promise<Runtime> {
    if (action !== undefined && mayChangeWorkspace(action.action)) await this.#settled(signal);
    return this.deps.runtime();
  }

  /** Undefined where no snapshots are wanted. Fails with `sandbox_unavailable`. */
  async history(): Promise<WorkspaceCheckpoints | undefined> {
    if (this.deps.histories === undefined) return undefined;
    const { workspace } = await this.deps.runtime();
    return this.deps.histories.forWorkspace(workspace);
  }

  /** One at a time, and no action that may write begins meanwhile. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    const done = this.#tail.then(work).finally(() => (this.#waiting -= 1));
    this.#tail = done.catch(() => {});
    return done;
  }

  /** Takes a snapshot and stores it, where it is another than the last or says more; within `alone`. A failure is told once, in the log. */
  async record(): Promise<Now | undefined> {
    const { id, state, now, read, append } = this.deps;
    const signal = this.signal();
    const after = state().head;
    const began = now();
    const typed = this.deps.typed();
    try {
      const history = await this.history();
      if (history === undefined) return undefined;
      this.#history = history;
      this.#tellAtWork(state());
      const { tree, excluded: leftOut } = await history.capture(signal);
      this.#failures = 0;
      const { checkpoint: last, agentState } = state();
      const wrote = last !== null && (await wroteBetween(read, last.after, after));
      const isKnown = last?.tree === tree && history.isRetained(id, last.after, tree);
      // The same again is worth a word at rest: what changes from then on was not the agent.
      this.#unsaid = isKnown && wrote && isWorking(agentState);
      if (isKnown && (!wrote || this.#unsaid)) return { tree, leftOut };
      history.retain(id, after, tree);
      const outside = last !== null && (!wrote || typed > this.#typedBefore);
      this.#typedBefore = typed;
      const extras = { tree, after, external: outside, excluded: leftOut, duration_ms: Math.round(now() - began) };
      await append(observation("environment", "checkpoint", "", extras));
      return { tree, leftOut };
    } catch (error) {
      await this.#tell(error);
      return undefined;
    }
  }

  /** A person has typed into a terminal since the last snapshot: what is another since may not be the agent's doing. */
  get typedSince(): boolean {
    return this.deps.typed() > this.#typedBefore;
  }

  /** For one look at the workspace. */
  signal(): AbortSignal {
    return AbortSignal.any([this.#closing.signal, AbortSignal.timeout(deadlineMs)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#history?.activeConversations.delete(this.deps.id);
    await this.#tail.catch(() => {});
  }

  async #settled(signal: AbortSignal | undefined): Promise<void> {
    const stopped = Promise.withResolvers<void>();
    const onAbort = () => stopped.resolve();
    signal?.addEventListener("abort", onAbort, { once: true });
    while (this.#waiting > 0 && signal?.aborted !== true) await Promise.race([this.#tail, stopped.promise]);
    signal?.removeEventListener("abort", onAbort);
  }

  #tellAtWork({ agentState }: ConversationState): void {
    if (isWorking(agentState)) this.#history?.activeConversations.add(this.deps.id);
    else this.#history?.activeConversations.delete(this.deps.id);
  }

  async #tell(error: unknown): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#failures += 1;
    this.#skips = Math.min(this.#failures - 1, mostSkips);
    if (this.#failures > 1) return;
    const why = error instanceof Error ? error.message : String(error);
    const sentence = `No snapshot was taken of the workspace, so it cannot be brought back to what it is now: ${why}`;
    try {
      await this.deps.append(observation("environment", "status", sentence, { code: "checkpoint_failed" }));
    } catch {
      // Where the log cannot be written, its owner hears of it by what it does next.
    }
  }
}
