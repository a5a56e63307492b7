/**
 * One conversation: the only writer of its log. Everything that changes it passes through one mailbox (conversation-log.ts),
 * one job at a time, and its state is the fold of what is stored. A turn runs while the state is `running`; each of its steps
 * passes through the mailbox too, so a user's message, a stop and the agent's own events have one order.
 *
 *   submit → decide (which events) → append → notify projections, in order → apply (start a turn, stop, run an action)
 */
import {
  DeckhandError,
  isAction,
  isWorking,
  stateChange,
  type ConversationState,
  type Delta,
  type Event,
  type HistoryFiles,
  type NewEvent,
  type RestorePreview,
  type WorkspaceDiff,
} from "@deckhand/protocol";
import type { Network, Runtime } from "../runtime/runtime.ts";
import type { ConversationId } from "../store/event-store.ts";
import type { RuntimeStatus, SubmitOptions, UploadedFile } from "./api.ts";
import { expiryEvents } from "./approvals/answer.ts";
import { createComponents, type Components } from "./components.ts";
import { ConversationLog, type StoredChange } from "./conversation-log.ts";
import { decide, type Decision } from "./decide.ts";
import type { ConversationDeps, SharedState } from "./deps.ts";
import { Holds, holdWhileIterated } from "./holds.ts";
import { notifyProjections } from "./projections.ts";
import { recover } from "./recovery/recover.ts";
import { sideEffectsTimeoutMs } from "./recovery/side-effects.ts";
import { hasImages, rejectUnsupportedImages, sessionKey } from "./resolve-agent.ts";
import { lostJobEvents } from "./runtime/ended-jobs.ts";
import { RuntimePool } from "./runtime/runtime-pool.ts";
import { readState } from "./state-cache.ts";
import type { LinkedConversation } from "./subagents/linked-conversation.ts";
import { resumeOf } from "./subagents/spawn.ts";
import { lostTerminalEvents, type ConversationTerminals } from "./terminals/terminals.ts";
import { uploadEvent } from "./transfer/upload-event.ts";

export class Conversation implements LinkedConversation {
  readonly id: ConversationId;
  readonly holds: Holds;
  readonly #deps: ConversationDeps;
  readonly #shared: SharedState;
  readonly #log: ConversationLog;
  readonly #components: Components;
  #busy: Disposable | undefined;
  #closing = false;
  #closed: Promise<void> | undefined;
  /** Whether what a killed server left open has been closed. */
  #recovered = false;

  private constructor(id: ConversationId, state: ConversationState, deps: ConversationDeps, shared: SharedState) {
    this.id = id;
    this.#deps = deps;
    this.#shared = shared;
    this.holds = new Holds((isHeld) => shared.onHeldChange?.(this, isHeld));
    this.#log = new ConversationLog({
      id,
      store: deps.store,
      holds: this.holds,
      state,
      onStored: (change) => this.#onStored(change),
      onConflict: (error) => shared.onConflict?.(id, error),
    });
    this.#components = createComponents({
      conversation: this,
      log: this.#log,
      holds: this.holds,
      deps,
      shared,
      isClosing: () => this.#closing,
      onApprovalExpired: (awaiting) => this.#inBackground(this.#log.enqueue(() => this.#expire(awaiting))),
    });
  }

  /**
   * Reads the log of that id, which is empty for a new conversation. What a killed server left open is closed first; if
   * nothing can be stored, the conversation can be read as it is, and is recovered before anything else is stored.
   */
  static async open(
    id: ConversationId,
    deps: ConversationDeps,
    shared: SharedState = { sessionKeys: new Map(), busy: new Set(), runtimePool: new RuntimePool() },
    inspection: AbortSignal = AbortSignal.timeout(sideEffectsTimeoutMs),
  ): Promise<Conversation> {
    const state = await readState(id, deps.store);
    const conversation = new Conversation(id, state, deps, shared);
    await conversation.#log
      .enqueue(() => conversation.#recover(inspection))
      .catch((fault: unknown) => {
        if (!(fault instanceof DeckhandError && fault.code === "store_failed")) throw fault;
        deps.onFault(id, fault);
      });
    return conversation;
  }

  get state(): ConversationState {
    return this.#log.state;
  }

  get terminals(): ConversationTerminals {
    return this.#components.terminals;
  }

  submit(kind: string, args: unknown, options: SubmitOptions = {}): Promise<Event> {
    return this.holds.during(async () => {
      const { sessionKeys } = this.#shared;
      const { workspace } = this.#components;
      if (kind === "message" && hasImages(args)) {
        await rejectUnsupportedImages(this.state.settings, sessionKeys.get(this.id), this.#deps);
      }
      if (kind === "initialize") await workspace.check(args, this.state.agentState !== null);
      return this.#log.enqueue(() => this.#submit(kind, args, options));
    });
  }

  get network(): Network | undefined {
    return this.#deps.runtimes.network?.(this.#deps.home(this.id));
  }

  read(after: number, limit: number): Promise<readonly Event[]> {
    return this.#log.read(after, limit);
  }

  follow(after: number, signal: AbortSignal): AsyncIterable<Event> {
    return holdWhileIterated(this.#deps.store.follow(this.id, after, signal), this.holds);
  }

  isolation(): Promise<RuntimeStatus> {
    return this.#deps.runtimes.status(this.#components.workspace.path);
  }

  get streaming(): readonly Delta[] {
    return this.#components.liveDeltas.now;
  }

  onDelta(listener: (delta: Delta) => void): () => void {
    const hold = this.holds.hold();
    const unsubscribe = this.#components.liveDeltas.subscribe(listener);
    return () => {
      unsubscribe();
      hold[Symbol.dispose]();
    };
  }

  runtime(): Promise<Runtime> {
    return this.#components.runtime.start();
  }

  async uploaded(files: readonly UploadedFile[]): Promise<Event> {
    const [event] = await this.#log.enqueue(() => {
      if (this.#closing) throw new DeckhandError("shutting_down");
      return this.#log.append([uploadEvent(files)]);
    });
    if (event === undefined) throw new Error("the append returned no event");
    return event;
  }

  /** Starts preparing the workspace, unless it is ready. */
  prepareWorkspace(): void {
    this.#components.workspace.begin();
  }

  diff(from?: number, to?: number): Promise<WorkspaceDiff> {
    return this.holds.during(() => this.#components.history.diff(from, to));
  }

  filesAt(at: number): Promise<HistoryFiles> {
    return this.holds.during(() => this.#components.history.files(at));
  }

  fileAt(at: number, path: string): Promise<Uint8Array> {
    return this.holds.during(() => this.#components.history.file(at, path));
  }

  previewRestore(at: number): Promise<RestorePreview> {
    return this.holds.during(() => this.#components.history.preview(at));
  }

  releaseRuntime(): void {
    this.#components.runtime.release();
  }

  append(events: (now: ConversationState) => readonly NewEvent[]): Promise<unknown> {
    return this.#log.enqueueAppend(events);
  }

  /** Stops what runs, says so in the log, and leaves no process. */
  [Symbol.asyncDispose](): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  /** Subagents end with their parent, and report what they used. */
  async #close(): Promise<void> {
    const { approvalTimer, titles, checkpoints, runtime } = this.#components;
    const { subagents } = this.#shared;
    const onFault = (fault: unknown): void => this.#deps.onFault(this.id, fault);
    this.#closing = true;
    approvalTimer[Symbol.dispose]();
    const pauses = isWorking(this.state.agentState) && resumeOf(this.state, this.#deps.resume) === "ask";
    const paused = stateChange("paused", "The server was stopped; say `running` or send a message to go on.");
    await this.#log
      .enqueueAppend((now) => [...(pauses ? [paused] : []), ...lostJobEvents(now), ...lostTerminalEvents(now)])
      .catch(onFault);
    // Even if the log cannot be written, no process may be left behind.
    await this.#stopAll().catch(onFault);
    await Promise.all(subagents?.childrenOf(this.id).map((child) => child[Symbol.asyncDispose]()) ?? []);
    await titles.stop();
    await checkpoints[Symbol.asyncDispose]();
    await subagents?.flushReports(this.id);
    await this.#log.idle();
    await runtime[Symbol.asyncDispose]();
  }

  /** A job in the mailbox. */
  async #submit(kind: string, args: unknown, { command, apiKey }: SubmitOptions): Promise<Event> {
    if (this.#closing) throw new DeckhandError("shutting_down");
    await this.#recover();
    const earlier = await this.#log.eventOf(command);
    if (earlier !== undefined) return earlier;
    const { workspace, userTools } = this.#components;
    const decision = decide(kind, args, this.state, {
      command,
      knowsAgent: (name) => this.#deps.findAgent(name, this.#deps.workspace) !== undefined,
      rootOf: (choice) => workspace.rootOf(choice),
      isWorkspaceReady: workspace.isReady,
      tools: userTools(),
    });
    // Before the append: an answer in the log is never given again, while saving a rule twice keeps one.
    if (decision.savesRules !== undefined) await this.#deps.store.rules.add(decision.savesRules);
    const stored = await this.#log.append(decision.events(this.state.head + 1));
    if (apiKey !== undefined) this.#shared.sessionKeys.set(this.id, sessionKey(apiKey, this.state.settings));
    this.#apply(decision, stored);
    const action = stored[decision.actionIndex];
    if (action === undefined) throw new Error("a decision stores its action");
    return action;
  }

  /** A job in the mailbox, before anything else is stored. Fails with `store_failed`; the next job tries again. */
  async #recover(inspection: AbortSignal = AbortSignal.timeout(sideEffectsTimeoutMs)): Promise<void> {
    if (this.#recovered) return;
    const { workspace, runtime, approvalTimer, turn } = this.#components;
    const { subagents } = this.#shared;
    const { resume, aliveMs, now } = this.#deps;
    const events = await recover(this, { workspace, runtime, subagents, resume, aliveMs, now }, inspection);
    await this.#log.append(events);
    this.#recovered = true;
    approvalTimer.watch(this.state.awaiting);
    if (isWorking(this.state.agentState)) turn.start();
  }

  #apply(decision: Decision, stored: readonly Event[]): void {
    if (this.#closing) return;
    const { workspace, runtime, terminals, userActions, turn } = this.#components;
    if (decision.stops === true) this.#inBackground(this.#stopAll());
    if (decision.endsJobs === true) {
      terminals.closeAll();
      this.#inBackground(runtime.killJobs());
    }
    if (stored.some((event) => isAction(event) && event.action === "initialize")) workspace.begin();
    const last = stored.at(-1);
    if (decision.runs !== undefined && last !== undefined) userActions.start({ ...decision.runs, id: last.id });
    if (isWorking(this.state.agentState)) turn.start();
  }

  /** A job in the mailbox, for an approval that timed out: the agent is told and continues. */
  async #expire(awaiting: number): Promise<void> {
    if (this.#closing || this.state.awaiting?.id !== awaiting) return;
    await this.#recover();
    if (this.state.awaiting?.id !== awaiting) return;
    await this.#log.append(expiryEvents(this.state, "running"));
    this.#components.turn.start();
  }

  async #stopAll(): Promise<void> {
    const { workspace, turn, userActions } = this.#components;
    // Work that waits for the workspace fails with it.
    const prepared = workspace.stop();
    const children = this.#closing ? undefined : this.#shared.subagents?.stopChildren(this.id);
    await Promise.all([prepared, children, this.#closing ? turn.close() : turn.stop(), userActions.stop()]);
  }

  #onStored(change: StoredChange): void {
    notifyProjections(
      {
        conversation: this,
        setBusy: (isBusy) => this.#setBusy(isBusy),
        subagents: this.#shared.subagents,
        components: this.#components,
        wantsTitles: this.#deps.titles === true,
        isClosing: this.#closing,
      },
      change,
    );
  }

  #setBusy(isBusy: boolean): void {
    if (isBusy) {
      this.#busy ??= this.holds.hold();
      this.#shared.busy.add(this);
    } else {
      this.#shared.busy.delete(this);
      this.#busy?.[Symbol.dispose]();
      this.#busy = undefined;
    }
  }

  /** Reports a failure that no caller waits for. */
  #inBackground(work: Promise<unknown>): void {
    work.catch((fault: unknown) => this.#deps.onFault(this.id, fault));
  }
}
