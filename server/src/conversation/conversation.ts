/**
 * One conversation: the only writer of its log. Everything that changes it goes through one mailbox (log.ts), one at a time; the
 * state is the fold of what is stored. A turn runs while the state is `running`, and each of its steps passes through
 * the mailbox too, so a user's message, a stop and the agent's own events have one order.
 */
import {
  DeckhandError,
  isAction,
  isWorking,
  settingsSchema,
  stateChange,
  type ActionKind,
  type ConversationState,
  type Delta,
  type Event,
  type NewEvent,
  type HistoryFiles,
  type RestorePreview,
  type WorkspaceDiff,
} from "@deckhand/protocol";
import type { Network, Runtime } from "../runtime/runtime.ts";
import type { ConversationId } from "../store/event-store.ts";
import type { Tool } from "../tools/tool.ts";
import type { RuntimeStatus, SubmitOptions, UploadedFile } from "./api.ts";
import { expiryEvents } from "./approvals/answer.ts";
import { hasImages, rejectUnsupportedImages } from "./resolve-agent.ts";
import { resumeOf } from "./subagents/spawn.ts";
import type { SubagentCoordinator } from "./subagents/coordinator.ts";
import type { LinkedConversation } from "./subagents/linked-conversation.ts";
import type { ConversationDeps } from "./deps.ts";
import { RuntimePool } from "./runtime/runtime-pool.ts";
import { EndedJobs, lostJobEvents } from "./runtime/ended-jobs.ts";
import { ConversationLog } from "./log.ts";
import { sessionKey, type SessionKey } from "./own-key.ts";
import { createComponents, type Components } from "./components.ts";
import { decide, type Decision } from "./decide.ts";
import { recoveryEvents } from "./recovery/recovery.ts";
import { readState } from "./state-cache.ts";
import { LiveDeltas } from "./live-deltas.ts";
import { lostTerminalEvents, type ConversationTerminals } from "./terminals/terminals.ts";
import { sideEffectsTimeoutMs, findSideEffects } from "./recovery/side-effects.ts";
import { uploadEvent } from "./upload-event.ts";

/** Events at the end of a log that tell how far its last turn had come. */
const recoveredTail = 8;

/** What outlives the object; `Conversations` has it for all. */
interface Beyond {
  readonly apiKeys: Map<ConversationId, SessionKey>;
  /** Has the conversation in it while there is work, so that nobody else has to hold it. */
  readonly atWork: Set<Conversation>;
  readonly shells: RuntimePool;
  /** Without it nothing can be handed to other agents. */
  readonly family?: SubagentCoordinator;
}

export class Conversation implements LinkedConversation {
  readonly id: ConversationId;
  readonly #deps: ConversationDeps;
  readonly #beyond: Beyond;
  readonly #log: ConversationLog;
  readonly #parts: Components;
  readonly #jobEnds = new EndedJobs();
  readonly #streams = new LiveDeltas();
  readonly #deltaListeners = new Set<(delta: Delta) => void>();
  #closing = false;
  #closed: Promise<void> | undefined;
  /** What a killed server left open is closed. */
  #recovered = false;

  private constructor(id: ConversationId, state: ConversationState, deps: ConversationDeps, beyond: Beyond) {
    this.id = id;
    this.#deps = deps;
    this.#beyond = beyond;
    this.#log = new ConversationLog({
      id,
      store: deps.store,
      state,
      onStored: (stored, before, busy) => this.#stored(stored, before, busy),
    });
    this.#parts = createComponents({
      conversation: this,
      log: this.#log,
      deps,
      shells: beyond.shells,
      family: beyond.family,
      jobEnds: this.#jobEnds,
      apiKey: () => beyond.apiKeys.get(id),
      emit: (delta) => {
        this.#streams.add(delta);
        for (const listener of this.#deltaListeners) listener(delta);
      },
      isClosing: () => this.#closing,
      needsShell: () => this.#needsShell(),
      onJobEnd: () => this.#tellJobEnds(),
      onExpired: (waiting) => {
        this.#log.enqueue(() => this.#expire(waiting)).catch((fault: unknown) => deps.onFault(id, fault));
      },
    });
  }

  /**
   * Reads the log of that id (empty for a new one); what a killed server left open is closed first. Where nothing can be
   * stored it can be read as it is, and what is open is closed before anything else is stored.
   */
  static async open(
    id: ConversationId,
    deps: ConversationDeps,
    beyond: Beyond = { apiKeys: new Map(), atWork: new Set(), shells: new RuntimePool() },
    look: AbortSignal = AbortSignal.timeout(sideEffectsTimeoutMs),
  ): Promise<Conversation> {
    const state = await readState(id, deps.store);
    const conversation = new Conversation(id, state, deps, beyond);
    await conversation.#log
      .enqueue(() => conversation.#recover(look))
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
    return this.#parts.terminals;
  }

  async submit(kind: string, args: unknown, options: SubmitOptions = {}): Promise<Event> {
    const { apiKeys } = this.#beyond;
    if (kind === "message" && hasImages(args)) {
      await rejectUnsupportedImages(this.state.settings, apiKeys.get(this.id), this.#deps);
    }
    if (kind === "initialize") await this.#checkWorkspace(args);
    return this.#log.enqueue(async () => {
      if (this.#closing) throw new DeckhandError("shutting_down");
      await this.#recover();
      const before = await this.#log.eventOf(options.command);
      if (before !== undefined) return before;
      const todo = decide(kind, args, this.state, {
        command: options.command,
        knowsAgent: (name) => this.#deps.findAgent(name, this.#deps.workspace) !== undefined,
        rootOf: (choice) => this.#deps.places.pathOf(this.#placeOwner, choice),
        isSettled: this.#parts.workspace.isMade,
        tools: this.#userTools(),
      });
      // First: an answer that is in the log is never given again, and a rule that is kept twice is one.
      if (todo.savesRules !== undefined) await this.#deps.store.rules.add(todo.savesRules);
      const stored = await this.#log.append(todo.events(this.state.head + 1));
      if (options.apiKey !== undefined) apiKeys.set(this.id, sessionKey(options.apiKey, this.state.settings));
      this.#carryOut(todo, stored);
      const own = stored[todo.actionIndex];
      if (own === undefined) throw new Error("a plan stores its action");
      return own;
    });
  }

  get network(): Network | undefined {
    return this.#deps.runtimes.network?.(this.#deps.home(this.id));
  }

  read(after: number, limit: number): Promise<readonly Event[]> {
    return this.#log.read(after, limit);
  }

  follow(after: number, signal: AbortSignal): AsyncIterable<Event> {
    return this.#deps.store.follow(this.id, after, signal);
  }

  isolation(): Promise<RuntimeStatus> {
    return this.#deps.runtimes.status(this.#parts.workspace.path);
  }

  get streaming(): readonly Delta[] {
    return this.#streams.now;
  }

  onDelta(listener: (delta: Delta) => void): () => void {
    this.#deltaListeners.add(listener);
    return () => this.#deltaListeners.delete(listener);
  }

  runtime(): Promise<Runtime> {
    return this.#parts.runtime.start();
  }

  async uploaded(files: readonly UploadedFile[]): Promise<Event> {
    const [event] = await this.#log.enqueue(() => {
      if (this.#closing) throw new DeckhandError("shutting_down");
      return this.#log.append([uploadEvent(files)]);
    });
    if (event === undefined) throw new Error("an event is stored");
    return event;
  }

  /** Makes its folder, unless it is there. */
  beginWorkspace(): void {
    this.#parts.workspace.begin();
  }

  diff(from?: number, to?: number): Promise<WorkspaceDiff> {
    return this.#parts.past.diff(from, to);
  }

  filesAt(at: number): Promise<HistoryFiles> {
    return this.#parts.past.files(at);
  }

  fileAt(at: number, path: string): Promise<Uint8Array> {
    return this.#parts.past.file(at, path);
  }

  previewRestore(at: number): Promise<RestorePreview> {
    return this.#parts.past.preview(at);
  }

  releaseRuntime(): void {
    this.#parts.runtime.release();
  }

  append(events: (now: ConversationState) => readonly NewEvent[]): Promise<unknown> {
    return this.#log.enqueueAppend(events);
  }

  /** Stops what runs, says so in the log, and leaves no process. */
  [Symbol.asyncDispose](): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  /** Its children end with it, and tell it what they used. */
  async #close(): Promise<void> {
    const { deadline, titles, snapshots, runtime } = this.#parts;
    const { family } = this.#beyond;
    this.#closing = true;
    deadline[Symbol.dispose]();
    const rests = isWorking(this.state.agentState) && resumeOf(this.state, this.#deps.resume) === "ask";
    const paused = stateChange("paused", "The server was stopped; say `running` or send a message to go on.");
    await this.#log
      .enqueueAppend((now) => [...(rests ? [paused] : []), ...lostJobEvents(now), ...lostTerminalEvents(now)])
      .catch((fault: unknown) => this.#deps.onFault(this.id, fault));
    await this.#stopAll();
    await Promise.all(family?.childrenOf(this.id).map((child) => child[Symbol.asyncDispose]()) ?? []);
    await titles.stop();
    await snapshots[Symbol.asyncDispose]();
    await family?.flushReports(this.id);
    await this.#log.settled();
    await runtime[Symbol.asyncDispose]();
  }

  /** Inside the mailbox, before anything else is stored. Fails with `store_failed`; the next one tries again. */
  async #recover(look: AbortSignal = AbortSignal.timeout(sideEffectsTimeoutMs)): Promise<void> {
    if (this.#recovered) return;
    const { resume, aliveMs, now } = this.#deps;
    const { workspace, runtime, deadline, turn } = this.#parts;
    const tail = await this.read(Math.max(-1, this.state.head - recoveredTail), recoveredTail);
    // Where there is no workspace yet nothing was done in it, and a look is no reason to make it.
    const shown = workspace.isMade ? await findSideEffects(this, runtime, look) : new Map<number, string>();
    const left = await this.#beyond.family?.orphaned(this.state);
    const traces = new Map([...shown, ...(left?.traces ?? [])]);
    const found = { nowMs: now(), tail, resume: resumeOf(this.state, resume), aliveMs, traces };
    await this.#log.append([...(left?.events ?? []), ...recoveryEvents(this.state, found)]);
    this.#recovered = true;
    deadline.watch(this.state.awaiting);
    if (isWorking(this.state.agentState)) turn.start();
  }

  /** Whoever has to hear of what was stored hears it, in this order. */
  #stored(stored: readonly Event[], before: ConversationState, busy: boolean): void {
    const { state } = this;
    const { turn, snapshots, deadline, titles, runtime } = this.#parts;
    if (busy) this.#beyond.atWork.add(this);
    else this.#beyond.atWork.delete(this);
    this.#beyond.family?.onStateChange(this, before, state);
    this.#streams.onEvents(stored);
    turn.onEvents(stored);
    snapshots.onEvents(stored, before, state);
    if (!this.#closing) deadline.watch(state.awaiting);
    if (!this.#closing && this.#deps.titles === true && state.parent === null)
      titles.onStateChange(before.agentState, state);
    runtime.touch();
    this.#tellJobEnds();
  }

  #carryOut(todo: Decision, stored: readonly Event[]): void {
    if (this.#closing) return;
    const { workspace, userActions, turn } = this.#parts;
    if (todo.stops === true) void this.#stopAll();
    if (todo.endsJobs === true) void this.#endJobs();
    if (stored.some((event) => isAction(event) && event.action === "initialize")) workspace.begin();
    const last = stored.at(-1);
    if (todo.runs !== undefined && last !== undefined) userActions.start({ ...todo.runs, id: last.id });
    if (isWorking(this.state.agentState)) turn.start();
  }

  /** Nobody has answered in time: the agent is told and goes on. */
  async #expire(waiting: number): Promise<void> {
    if (this.#closing || this.state.awaiting?.id !== waiting) return;
    await this.#recover();
    if (this.state.awaiting?.id !== waiting) return;
    await this.#log.append(expiryEvents(this.state, "running"));
    this.#parts.turn.start();
  }

  async #stopAll(): Promise<void> {
    const { workspace, turn, userActions } = this.#parts;
    // Whoever waits for the workspace fails with it.
    const made = workspace.stop();
    const children = this.#closing ? undefined : this.#beyond.family?.stopChildren(this.id);
    await Promise.all([made, children, this.#closing ? turn.close() : turn.stop(), userActions.stop()]);
  }

  async #endJobs(): Promise<void> {
    this.terminals.closeAll();
    const runtime = await this.#parts.runtime.started?.catch(() => undefined);
    for (const { id, state } of runtime?.jobs.list() ?? []) if (state === "running") runtime?.jobs.signal(id, "KILL");
  }

  #tellJobEnds(): void {
    if (this.#closing || !this.#jobEnds.waiting) return;
    this.#log
      .enqueueAppend((now) => this.#jobEnds.take(now))
      .catch((fault: unknown) => this.#deps.onFault(this.id, fault));
  }

  #needsShell(): boolean {
    const { agentState, awaiting, jobs, terminals } = this.state;
    // What waits for an approval was asked about with this shell's directory in mind.
    const waits = awaiting !== null || this.#parts.userActions.size > 0;
    return isWorking(agentState) || waits || jobs.length + terminals.length > 0;
  }

  /** What a client can ask for beside the agent. */
  #userTools(): ReadonlyMap<ActionKind, Tool> {
    const { past, serverTools } = this.#parts;
    const more = [past.restoreTool, serverTools?.tool].filter((tool) => tool !== undefined);
    return new Map([...this.#deps.tools, ...more.map((tool) => [tool.action, tool as unknown as Tool] as const)]);
  }

  /** What is wrong with it is said while its sender still looks. */
  async #checkWorkspace(args: unknown): Promise<void> {
    const parsed = settingsSchema.safeParse(args);
    const isSettled = this.state.agentState !== null && this.#parts.workspace.isMade;
    if (parsed.data?.workspace === undefined || isSettled) return;
    await this.#deps.places.check(this.#placeOwner, parsed.data.workspace);
  }

  /** Whose folder it works in. */
  get #placeOwner(): ConversationId {
    return this.state.parent?.root ?? this.id;
  }
}
