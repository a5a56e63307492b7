/**
 * One conversation: the only writer of its log. Everything that changes it goes through one mailbox, one at a time; the
 * state is the fold of what is stored. A turn runs while the state is `running`, and each of its steps passes through
 * the mailbox too, so a user's message, a stop and the agent's own events have one order.
 */
import {
  DeckhandError,
  fold,
  isAction,
  isAtWork,
  settingsSchema,
  stateChange,
  type ActionKind,
  type ConversationState,
  type Delta,
  type Event,
  type NewEvent,
  type PastFiles,
  type RestorePreview,
  type WorkspaceDiff,
} from "@deckhand/protocol";
import { judge } from "../agent/approval.ts";
import type { Agent } from "../agent/agents.ts";
import { knowledgeReader } from "../agent/knowledge/files.ts";
import type { Model } from "../llm/model.ts";
import type { Network } from "../runtime/runtime.ts";
import type { ConversationId } from "../store/event-store.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Delegate, Tool } from "../tools/tool.ts";
import type { RuntimeStatus, SubmitOptions, UploadedFile } from "./api.ts";
import { expired } from "./approving.ts";
import { agentOf, hasImages, modelOf, refuseUnseen } from "./chosen.ts";
import { resumeOf, atDepth } from "./children/birth.ts";
import type { Family } from "./children/family.ts";
import type { Member } from "./children/member.ts";
import { asDefined } from "./children/tighter.ts";
import { Deadline } from "./deadline.ts";
import { JobEnds, lostJobs } from "./job-ends.ts";
import { plan, type Plan } from "./plan.ts";
import { recoveryEvents } from "./recovery.ts";
import { IdleShells } from "./idle-shells.ts";
import { LazyRuntime } from "./lazy-runtime.ts";
import { Past } from "./past.ts";
import { ServerTools } from "./server-tools.ts";
import { Snapshots } from "./snapshots.ts";
import type { ConversationDeps } from "./deps.ts";
import { keepState, readState, rowOf } from "./stored-state.ts";
import { ConversationTerminals, lostTerminals } from "./terminals.ts";
import { ownKey, type OwnKey } from "./own-key.ts";
import { Titles } from "./titles.ts";
import { lookMs, tracesOf } from "./traces.ts";
import { TurnDriver } from "./turn-driver.ts";
import { uploadEvent } from "./upload-event.ts";
import { UserActions } from "./user-action.ts";
import { Workspace } from "./workspace.ts";

/** Events at the end of a log that tell how far its last turn had come. */
const recoveredTail = 8;

/** What outlives the object; `Conversations` has it for all. */
interface Beyond {
  readonly apiKeys: Map<ConversationId, OwnKey>;
  /** Has the conversation in it while there is work, so that nobody else has to hold it. */
  readonly atWork: Set<Conversation>;
  readonly shells: IdleShells;
  /** Without it nothing can be handed to other agents. */
  readonly family?: Family;
}

export class Conversation implements Member {
  readonly id: ConversationId;
  readonly #deps: ConversationDeps;
  readonly #beyond: Beyond;
  readonly #workspace: Workspace;
  readonly #runtime: LazyRuntime;
  readonly #turn: TurnDriver;
  readonly #titles: Titles;
  readonly #jobEnds = new JobEnds();
  readonly #snapshots: Snapshots;
  readonly #past: Past;
  readonly terminals: ConversationTerminals;
  readonly #serverTools: ServerTools | undefined;
  readonly #userActions: UserActions;
  readonly #deadline: Deadline;
  readonly #deltaListeners = new Set<(delta: Delta) => void>();
  #state: ConversationState;
  #mailbox: Promise<unknown> = Promise.resolve();
  #closing = false;
  #closed: Promise<void> | undefined;
  /** What a killed server left open is closed. */
  #recovered = false;

  private constructor(id: ConversationId, state: ConversationState, deps: ConversationDeps, beyond: Beyond) {
    this.id = id;
    this.#deps = deps;
    this.#beyond = beyond;
    this.#state = state;
    const onFault = (fault: unknown): void => deps.onFault(id, fault);
    const delegate: Delegate = (args, action, signal) => {
      if (beyond.family === undefined) throw new DeckhandError("not_available", "No agents can be asked here.");
      return beyond.family.delegate(this, args, action, signal);
    };
    this.#workspace = new Workspace({
      conversation: this.#placeOwner,
      places: deps.places,
      settings: () => this.#state.settings,
      isAtWork: () => isAtWork(this.#state.agentState),
      append: (event) => this.#enqueue(() => this.#append([event])),
      onFault,
    });
    this.#runtime = new LazyRuntime({
      create: async () => {
        await this.#workspace.ready();
        const runtime = await deps.runtimes.create({
          workspace: this.#workspace.path,
          home: deps.home(id),
          allowedHosts: () => this.#state.allowedHosts,
          onStage: (text) => this.#emit({ of: "runtime", text }),
        });
        runtime.jobs.onEnd((job, last) => {
          this.#jobEnds.add(job, last);
          this.#tellJobEnds();
        });
        return runtime;
      },
      isNeeded: () => this.#needsShell(),
      shells: beyond.shells,
      onFault,
    });
    this.terminals = new ConversationTerminals({
      runtime: () => this.#runtime.start(),
      append: (events) => this.#enqueue(() => this.#append(events(this.#state.head + 1))),
      isClosing: () => this.#closing,
      onFault,
    });
    this.#snapshots = new Snapshots({
      id,
      histories: deps.histories,
      runtime: () => this.#runtime.start(),
      state: () => this.#state,
      read: (after, limit) => this.read(after, limit),
      append: (event) => this.#enqueue(() => this.#append([event])),
      now: deps.now,
      typed: () => this.terminals.typed,
    });
    this.#past = new Past(this.#snapshots);
    this.#userActions = new UserActions({
      runtime: (action, signal) => this.#snapshots.runtimeFor(action, signal),
      delegate,
      append: (events) => this.#enqueue(() => this.#append(events)),
      emit: (delta) => this.#emit(delta),
      onFault,
    });
    this.#deadline = new Deadline(deps.now, (waiting) => {
      this.#enqueue(() => this.#expire(waiting)).catch(onFault);
    });
    this.#titles = new Titles({
      limits: deps.limits,
      model: async () => {
        const model = await this.#model(this.#agent());
        return (await model.small?.()) ?? model;
      },
      read: (after, limit) => this.read(after, limit),
      isWanted: async () => (await deps.store.row(this.id))?.title === this.#state.title,
      append: (event) => this.#enqueue(() => this.#append([event])),
    });
    this.#serverTools =
      deps.mcp &&
      new ServerTools({
        mcp: deps.mcp,
        tool: deps.tools.get("call_tool") as Tool<"call_tool"> | undefined,
        state: () => this.#state,
        read: (after, limit) => this.read(after, limit),
        append: (events) => this.#enqueue(() => this.#append(events)),
      });
    this.#turn = new TurnDriver({
      conversation: this,
      append: (events) => this.#enqueue(() => this.#append(events(this.#state.head + 1))),
      emit: (delta) => this.#emit(delta),
      limits: deps.limits,
      limitAbove: async () => (await beyond.family?.limitAbove(this.#state)) ?? null,
      delegate,
      now: deps.now,
      policy: async (action, tool) =>
        judge(action, tool.effect(action.args as never), {
          workspace: this.#workspace.path,
          state: asDefined((await beyond.family?.asking(this.#state)) ?? this.#state, this.#agent(), deps.approval),
          defaults: deps.approval,
          serverRules: () => deps.store.rules.list(),
        }),
      hooks: deps.hooks?.({
        conversation: id,
        workspace: () => this.#workspace.path,
        runtime: () => this.#runtime.start(),
      }),
      tools: deps.tools,
      prepare: async (signal) => {
        const named = this.#agent();
        await this.#workspace.ready();
        // Started while the model thinks; whoever needs it meets its failure.
        this.#runtime.start().then(
          (runtime) => runtime.start().catch(() => {}),
          () => {},
        );
        const agent = (await this.#serverTools?.equip(named, signal)) ?? named;
        return { agent: atDepth(agent, this.#state), model: await this.#model(agent) };
      },
      runtime: (action, signal) => this.#snapshots.runtimeFor(action, signal),
      readOwn: deps.readOwn,
      changesSince: deps.histories === undefined ? undefined : (from, signal) => this.#past.changesSince(from, signal),
      readWorkspace: knowledgeReader(
        deps.runtimes.look,
        () => this.#workspace.path,
        () => this.#runtime.start(),
      ),
      onFault,
    });
  }

  /**
   * Reads the log of that id (empty for a new one); what a killed server left open is closed first. Where nothing can be
   * stored it can be read as it is, and what is open is closed before anything else is stored.
   */
  static async open(
    id: ConversationId,
    deps: ConversationDeps,
    beyond: Beyond = { apiKeys: new Map(), atWork: new Set(), shells: new IdleShells() },
    look: AbortSignal = AbortSignal.timeout(lookMs),
  ): Promise<Conversation> {
    const state = await readState(id, deps.store);
    const conversation = new Conversation(id, state, deps, beyond);
    await conversation.#enqueue(() => conversation.#recover(look)).catch((fault: unknown) => {
      if (!(fault instanceof DeckhandError && fault.code === "store_failed")) throw fault;
      deps.onFault(id, fault);
    });
    return conversation;
  }

  get state(): ConversationState {
    return this.#state;
  }

  async submit(kind: string, args: unknown, options: SubmitOptions = {}): Promise<Event> {
    if (kind === "message" && hasImages(args)) await refuseUnseen(this.#state.settings, this.#apiKey(), this.#deps);
    if (kind === "initialize") await this.#checkWorkspace(args);
    return this.#enqueue(async () => {
      if (this.#closing) throw new DeckhandError("shutting_down");
      await this.#recover();
      const before = await this.#alreadyDone(options.command);
      if (before !== undefined) return before;
      const todo = plan(kind, args, this.#state, {
        command: options.command,
        knowsAgent: (name) => this.#deps.findAgent(name, this.#deps.workspace) !== undefined,
        rootOf: (choice) => this.#deps.places.pathOf(this.#placeOwner, choice),
        isSettled: this.#workspace.isMade,
        tools: this.#userTools(),
      });
      // First: an answer that is in the log is never given again, and a rule that is kept twice is one.
      if (todo.remembers !== undefined) await this.#deps.store.rules.add(todo.remembers);
      const stored = await this.#append(todo.events(this.#state.head + 1));
      if (options.apiKey !== undefined) {
        this.#beyond.apiKeys.set(this.id, ownKey(options.apiKey, this.#state.settings));
      }
      this.#carryOut(todo, stored);
      const own = stored[todo.at];
      if (own === undefined) throw new Error("a plan stores its action");
      return own;
    });
  }

  /** What a client can ask for beside the agent. */
  #userTools(): ReadonlyMap<ActionKind, Tool> {
    const more = [this.#past.restoreTool, this.#serverTools?.tool].filter((tool) => tool !== undefined);
    return new Map([...this.#deps.tools, ...more.map((tool) => [tool.action, tool as unknown as Tool] as const)]);
  }

  get network(): Network | undefined {
    return this.#deps.runtimes.network?.(this.#deps.home(this.id));
  }

  read(after: number, limit: number): Promise<readonly Event[]> {
    return this.#deps.store.read(this.id, after, limit);
  }

  follow(after: number, signal: AbortSignal): AsyncIterable<Event> {
    return this.#deps.store.follow(this.id, after, signal);
  }

  isolation(): Promise<RuntimeStatus> {
    return this.#deps.runtimes.status(this.#workspace.path);
  }

  onDelta(listener: (delta: Delta) => void): () => void {
    this.#deltaListeners.add(listener);
    return () => this.#deltaListeners.delete(listener);
  }

  runtime(): Promise<Runtime> {
    return this.#runtime.start();
  }

  async uploaded(files: readonly UploadedFile[]): Promise<Event> {
    const [event] = await this.#enqueue(() => {
      if (this.#closing) throw new DeckhandError("shutting_down");
      return this.#append([uploadEvent(files)]);
    });
    if (event === undefined) throw new Error("an event is stored");
    return event;
  }

  /** Makes its folder, unless it is there. */
  beginWorkspace(): void {
    this.#workspace.begin();
  }

  diff(from?: number, to?: number): Promise<WorkspaceDiff> {
    return this.#past.diff(from, to);
  }

  filesAt(at: number): Promise<PastFiles> {
    return this.#past.files(at);
  }

  fileAt(at: number, path: string): Promise<Uint8Array> {
    return this.#past.file(at, path);
  }

  previewRestore(at: number): Promise<RestorePreview> {
    return this.#past.preview(at);
  }

  /** Stops what runs, says so in the log, and leaves no process. */
  [Symbol.asyncDispose](): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  /** Its children end with it, and tell it what they used. */
  async #close(): Promise<void> {
    this.#closing = true;
    this.#deadline[Symbol.dispose]();
    const rests = isAtWork(this.#state.agentState) && resumeOf(this.#state, this.#deps.resume) === "ask";
    const paused = stateChange("paused", "The server was stopped; say `running` or send a message to go on.");
    await this.#enqueue(() =>
      this.#append([...(rests ? [paused] : []), ...lostJobs(this.#state), ...lostTerminals(this.#state)]),
    ).catch((fault: unknown) => this.#deps.onFault(this.id, fault));
    await this.#stopAll();
    await Promise.all(this.#beyond.family?.childrenOf(this.id).map((child) => child[Symbol.asyncDispose]()) ?? []);
    await this.#titles.stop();
    await this.#snapshots[Symbol.asyncDispose]();
    await this.#beyond.family?.told(this.id);
    await this.#mailbox;
    await this.#runtime[Symbol.asyncDispose]();
  }

  letGo(): void {
    this.#runtime.giveUp();
  }

  note(events: (now: ConversationState) => readonly NewEvent[]): Promise<unknown> {
    return this.#enqueue(() => this.#append(events(this.#state)));
  }

  /** Inside the mailbox, before anything else is stored. Fails with `store_failed`; the next one tries again. */
  async #recover(look: AbortSignal = AbortSignal.timeout(lookMs)): Promise<void> {
    if (this.#recovered) return;
    const { resume, aliveMs, now } = this.#deps;
    const tail = await this.read(Math.max(-1, this.#state.head - recoveredTail), recoveredTail);
    // Where there is no workspace yet nothing was done in it, and a look is no reason to make it.
    const shown = this.#workspace.isMade ? await tracesOf(this, this.#runtime, look) : new Map<number, string>();
    const left = await this.#beyond.family?.left(this.#state);
    const traces = new Map([...shown, ...(left?.traces ?? [])]);
    const found = { nowMs: now(), tail, resume: resumeOf(this.#state, resume), aliveMs, traces };
    await this.#append([...(left?.events ?? []), ...recoveryEvents(this.#state, found)]);
    this.#recovered = true;
    this.#deadline.watch(this.#state.awaiting);
    if (isAtWork(this.#state.agentState)) this.#turn.start();
  }

  #needsShell(): boolean {
    const { agentState, awaiting, jobs, terminals } = this.#state;
    // What waits for an approval was asked about with this shell's directory in mind.
    return (
      isAtWork(agentState) || awaiting !== null || this.#userActions.size > 0 || jobs.length + terminals.length > 0
    );
  }

  #carryOut(todo: Plan, stored: readonly Event[]): void {
    if (this.#closing) return;
    if (todo.stops === true) void this.#stopAll();
    if (todo.endsJobs === true) void this.#endJobs();
    if (stored.some((event) => isAction(event) && event.action === "initialize")) this.#workspace.begin();
    const last = stored.at(-1);
    if (todo.runs !== undefined && last !== undefined) this.#userActions.start({ ...todo.runs, id: last.id });
    if (isAtWork(this.#state.agentState)) this.#turn.start();
  }

  /** Nobody has answered in time: the agent is told and goes on. */
  async #expire(waiting: number): Promise<void> {
    if (this.#closing || this.#state.awaiting?.id !== waiting) return;
    await this.#recover();
    if (this.#state.awaiting?.id !== waiting) return;
    await this.#append(expired(this.#state, "running"));
    this.#turn.start();
  }

  async #stopAll(): Promise<void> {
    // Whoever waits for the workspace fails with it.
    const made = this.#workspace.stop();
    const children = this.#closing ? undefined : this.#beyond.family?.stopChildren(this.id);
    await Promise.all([
      made,
      children,
      this.#closing ? this.#turn.close() : this.#turn.stop(),
      this.#userActions.stop(),
    ]);
  }

  async #endJobs(): Promise<void> {
    this.terminals.closeAll();
    const runtime = await this.#runtime.started?.catch(() => undefined);
    for (const { id, state } of runtime?.jobs.list() ?? []) if (state === "running") runtime?.jobs.signal(id, "KILL");
  }

  #tellJobEnds(): void {
    if (this.#closing || !this.#jobEnds.waiting) return;
    this.#enqueue(() => this.#append(this.#jobEnds.take(this.#state))).catch((fault: unknown) =>
      this.#deps.onFault(this.id, fault),
    );
  }

  async #alreadyDone(command: string | undefined): Promise<Event | undefined> {
    if (command === undefined) return undefined;
    const id = await this.#deps.store.findCommand(this.id, command);
    return id === undefined ? undefined : (await this.read(id - 1, 1))[0];
  }

  async #append(events: readonly NewEvent[]): Promise<readonly Event[]> {
    if (events.length === 0) return [];
    let state = this.#state;
    let busy = false;
    const stored = await this.#deps.store.append(this.id, state.head + 1, events, (withIds) => {
      state = fold(withIds, this.#state);
      const row = rowOf(state);
      ({ busy } = row);
      return row;
    });
    const before = this.#state;
    this.#state = state;
    // A cache: where it cannot be stored, the next event will tell.
    keepState(this.id, before, state, this.#deps.store).catch(() => {});
    if (busy) this.#beyond.atWork.add(this);
    else this.#beyond.atWork.delete(this);
    this.#beyond.family?.changed(this, before, state);
    this.#turn.saw(stored);
    this.#snapshots.saw(stored, before, state);
    if (!this.#closing) this.#deadline.watch(state.awaiting);
    if (!this.#closing && this.#deps.titles === true && state.parent === null)
      this.#titles.changed(before.agentState, state);
    this.#runtime.touch();
    this.#tellJobEnds();
    return stored;
  }

  /** One at a time, in the order of the calls; a failure is its caller's and nobody else's. */
  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#mailbox.then(work);
    this.#mailbox = done.catch(() => {});
    return done;
  }

  #emit(delta: Delta): void {
    for (const listener of this.#deltaListeners) listener(delta);
  }

  /** What is wrong with it is said while its sender still looks. */
  async #checkWorkspace(args: unknown): Promise<void> {
    const parsed = settingsSchema.safeParse(args);
    if (parsed.data?.workspace === undefined || (this.#state.agentState !== null && this.#workspace.isMade)) return;
    await this.#deps.places.check(this.#placeOwner, parsed.data.workspace);
  }

  #agent(): Agent {
    return agentOf(this.#state.settings, this.#deps, this.#workspace.path);
  }

  #model(agent: Agent): Promise<Model> {
    return modelOf(agent, this.#state.settings, this.#apiKey(), this.#deps);
  }

  /** Whose folder it works in. */
  get #placeOwner(): ConversationId {
    return this.#state.parent?.root ?? this.id;
  }

  #apiKey(): OwnKey | undefined {
    return this.#beyond.apiKeys.get(this.id);
  }
}
