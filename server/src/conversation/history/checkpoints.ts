/**
 * Records checkpoints of a conversation's workspace: when work begins (what a person changed), and after each step of the
 * agent that may have changed something, while the model thinks. Only the next action that may write waits for a checkpoint.
 */
import {
  DeckhandError,
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
import { Mutex } from "../../async/mutex.ts";
import type { CheckpointStore, WorkspaceCheckpoints } from "../../checkpoints/checkpoint-store.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { CheckpointIndex } from "../../store/checkpoint-index.ts";
import type { Checkpoint } from "./checkpoint-log.ts";

interface CheckpointsDeps {
  readonly id: string;
  /** Undefined if checkpoints are disabled. */
  readonly store: CheckpointStore | undefined;
  /** Fails with `sandbox_unavailable`, also for a folder that cannot be a workspace. */
  readonly runtime: () => Promise<Runtime>;
  readonly state: () => ConversationState;
  readonly index: CheckpointIndex;
  readonly append: (event: NewEvent) => Promise<unknown>;
  readonly now: () => number;
  /** How often a person has typed into a terminal. */
  readonly typed: () => number;
}

/** The first capture of a large workspace takes seconds; after this the agent continues without one. */
const captureTimeoutMs = 60_000;

/** After repeated failures: turns that go without a checkpoint, so that not every step waits for the same failure. */
const maxSkips = 8;

export interface Captured {
  readonly tree: string;
  readonly excluded: ExcludedFiles;
}

export class Checkpoints {
  readonly #deps: CheckpointsDeps;
  readonly #closing = new AbortController();
  readonly #mutex = new Mutex();
  /** Something may have changed that neither an existing checkpoint nor a queued one has. */
  #isDue = false;
  /** The agent has acted since the last checkpoint and changed nothing; this is recorded when it comes to rest. */
  #hasUnreportedWork = false;
  /** Failures since the last success. */
  #failures = 0;
  #skips = 0;
  #typedAtLast = 0;
  /** Other conversations in the same workspace see there whether the agent is working. */
  #workspace: WorkspaceCheckpoints | undefined;

  constructor(deps: CheckpointsDeps) {
    this.#deps = deps;
  }

  /** A person has typed into a terminal since the last checkpoint, so later changes may not be the agent's. */
  get hasTypedSince(): boolean {
    return this.#deps.typed() > this.#typedAtLast;
  }

  onEvents(events: readonly Event[], before: ConversationState, state: ConversationState): void {
    if (this.#deps.store === undefined || this.#closing.signal.aborted) return;
    this.#publishActivity(state);
    const begins = isWorking(state.agentState) && !isWorking(before.agentState);
    const comesToRest = isWorking(before.agentState) && !isWorking(state.agentState);
    const wrote = events.some((event) => {
      const cause = isAction(event) ? undefined : event.cause;
      const action = cause === undefined ? undefined : before.open.find(({ id }) => id === cause);
      return action !== undefined && mayChangeWorkspace(action.action);
    });
    if (begins && this.#skips > 0) this.#skips -= 1;
    else if (begins || (wrote && this.#failures === 0) || (comesToRest && this.#hasUnreportedWork)) this.#isDue = true;
    if (comesToRest) this.#workspace?.gc();
    // The calls of one reply follow each other at once; the model thinks when they are done.
    if (!this.#isDue || (state.pendingCalls.length > 0 && isWorking(state.agentState) && !begins)) return;
    this.#isDue = false;
    // Never rejects: a failure is recorded in the log.
    void this.exclusively(() => this.record());
  }

  /** The runtime. An action that may write first waits for queued checkpoints, until its signal aborts. Fails as `runtime`. */
  async runtimeFor(action?: NewAction, signal?: AbortSignal): Promise<Runtime> {
    if (action !== undefined && mayChangeWorkspace(action.action)) await this.#mutex.idle(signal).catch(() => {});
    return this.#deps.runtime();
  }

  /** Fails with `no_checkpoint` if checkpoints are disabled, and with `sandbox_unavailable`. */
  async open(): Promise<WorkspaceCheckpoints> {
    const workspace = await this.#open();
    if (workspace !== undefined) return workspace;
    throw new DeckhandError("no_checkpoint", "Checkpoints are disabled on this server (DECKHAND_CHECKPOINTS).");
  }

  /** All checkpoints of this conversation, oldest first. */
  async list(workspace: WorkspaceCheckpoints): Promise<Checkpoint[]> {
    const { id, index } = this.#deps;
    const [logged, retained] = await Promise.all([index.list(id), workspace.retained(id)]);
    return logged.map((each) => ({ ...each, isAvailable: retained.get(each.after) === each.tree }));
  }

  /** Whether the agent or a restore may have changed the workspace after event `after`, up to event `last`. */
  mayHaveWrittenBetween(after: number, last: number): Promise<boolean> {
    return this.#deps.index.mayHaveWrittenBetween(this.#deps.id, after, last);
  }

  /** One job at a time; no action that may write begins meanwhile. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    return this.#mutex.run(work);
  }

  /**
   * Captures the workspace; a checkpoint is stored if it differs from the last one or marks work that changed nothing. To be
   * called within `exclusively`. A failure is recorded in the log, once until the next success.
   */
  async record(): Promise<Captured | undefined> {
    const { id, state, now, append } = this.#deps;
    const signal = this.signal();
    const after = state().head;
    const began = now();
    const typed = this.#deps.typed();
    try {
      const workspace = await this.#open();
      if (workspace === undefined) return undefined;
      this.#workspace = workspace;
      this.#publishActivity(state());
      const { tree, excluded } = await workspace.capture(signal);
      this.#failures = 0;
      const { checkpoint: last, agentState } = state();
      const wrote = last !== null && (await this.mayHaveWrittenBetween(last.after, after));
      const isKnown = last?.tree === tree && (await workspace.isRetained(id, last.after, tree));
      // An equal checkpoint is stored at rest: what changes after it was not the agent.
      this.#hasUnreportedWork = isKnown && wrote && isWorking(agentState);
      if (isKnown && (!wrote || this.#hasUnreportedWork)) return { tree, excluded };
      await workspace.retain(id, after, tree);
      const external = last !== null && (!wrote || typed > this.#typedAtLast);
      this.#typedAtLast = typed;
      const durationMs = Math.round(now() - began);
      const extras = { tree, after, external, excluded, duration_ms: durationMs };
      await append(observation("environment", "checkpoint", "", extras));
      return { tree, excluded };
    } catch (error) {
      await this.#reportFailure(error);
      return undefined;
    }
  }

  /** For one operation on the workspace. */
  signal(): AbortSignal {
    return AbortSignal.any([this.#closing.signal, AbortSignal.timeout(captureTimeoutMs)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#workspace?.activeConversations.delete(this.#deps.id);
    await this.#mutex.idle();
  }

  async #open(): Promise<WorkspaceCheckpoints | undefined> {
    if (this.#deps.store === undefined) return undefined;
    const { workspace } = await this.#deps.runtime();
    return this.#deps.store.forWorkspace(workspace);
  }

  #publishActivity({ agentState }: ConversationState): void {
    if (isWorking(agentState)) this.#workspace?.activeConversations.add(this.#deps.id);
    else this.#workspace?.activeConversations.delete(this.#deps.id);
  }

  async #reportFailure(error: unknown): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#failures += 1;
    this.#skips = Math.min(this.#failures - 1, maxSkips);
    if (this.#failures > 1) return;
    const reason = error instanceof Error ? error.message : String(error);
    const sentence = `No checkpoint of the workspace was taken, so its present state cannot be restored later: ${reason}`;
    try {
      await this.#deps.append(observation("environment", "status", sentence, { code: "checkpoint_failed" }));
    } catch {
      // If the log cannot be written, the next append of the conversation fails and is reported.
    }
  }
}
