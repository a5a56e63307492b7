/**
 * One conversation: the only writer of its log. Everything that changes it goes through one mailbox, one at a time; the
 * state is the fold of what is stored. A turn runs while the state is `running`, and each of its steps passes through
 * the mailbox too, so a user's message, a stop and the agent's own events have one order.
 */
import {
  DeckhandError,
  fold,
  isAtWork,
  stateChange,
  type ActionKind,
  type ConversationState,
  type Delta,
  type Event,
  type NewEvent,
} from "@deckhand/protocol";
import { questionFor, type ApprovalDefaults } from "../agent/approval.ts";
import { defaultAgent, type Agent, type AgentFinder } from "../agent/agents.ts";
import type { Limits } from "../agent/limits.ts";
import type { Model, ModelFinder } from "../llm/model.ts";
import type { RuntimeFactory } from "../runtime/runtime.ts";
import type { ConversationId, EventStore } from "../store/event-store.ts";
import type { Tool } from "../tools/tool.ts";
import type { ConversationApi, SubmitOptions } from "./api.ts";
import { expired } from "./approving.ts";
import { Deadline } from "./deadline.ts";
import { JobEnds, lostJobs } from "./job-ends.ts";
import { plan, type Plan } from "./plan.ts";
import { recoveryEvents } from "./recovery.ts";
import { LazyRuntime } from "./lazy-runtime.ts";
import { keepState, readState, rowOf } from "./stored-state.ts";
import { Titles } from "./titles.ts";
import { TurnDriver } from "./turn-driver.ts";
import { UserAction } from "./user-action.ts";

/** A shell takes a few megabytes and three processes; one that nobody used for half an hour is not missed. */
const idleShellMs = 30 * 60_000;

export interface ConversationDeps {
  readonly store: EventStore;
  readonly findModel: ModelFinder;
  readonly findAgent: AgentFinder;
  readonly runtimes: RuntimeFactory;
  readonly tools: ReadonlyMap<ActionKind, Tool>;
  readonly limits: Limits;
  readonly approval: ApprovalDefaults;
  /** The default workspace; another one is a folder inside it. */
  readonly workspace: string;
  /** Folder of what the conversation keeps beside its log. */
  readonly home: (id: ConversationId) => string;
  readonly now: () => number;
  /** Ask the model for a title when the first turn has ended; not done by default. */
  readonly titles?: boolean;
  /** Is told of mistakes of ours and of a medium that fails; the server goes on. */
  readonly onFault: (conversation: ConversationId, fault: unknown) => void;
}

/** What outlives the object; `Conversations` has it for all. */
interface Beyond {
  readonly apiKeys: Map<ConversationId, string>;
  /** Has the conversation in it while there is work, so that nobody else has to hold it. */
  readonly atWork: Set<Conversation>;
}

export class Conversation implements ConversationApi, AsyncDisposable {
  readonly id: ConversationId;
  readonly #deps: ConversationDeps;
  readonly #beyond: Beyond;
  readonly #runtime: LazyRuntime;
  readonly #turn: TurnDriver;
  readonly #titles: Titles;
  readonly #userActions = new Set<UserAction>();
  readonly #jobEnds = new JobEnds();
  readonly #deadline: Deadline;
  readonly #deltaListeners = new Set<(delta: Delta) => void>();
  #state: ConversationState;
  #mailbox: Promise<unknown> = Promise.resolve();
  #closing = false;
  /** Is there while a shell may be, and fires when nothing has happened for long: the shell is given up then. */
  #rest: NodeJS.Timeout | undefined;

  private constructor(id: ConversationId, state: ConversationState, deps: ConversationDeps, beyond: Beyond) {
    this.id = id;
    this.#deps = deps;
    this.#beyond = beyond;
    this.#state = state;
    this.#runtime = new LazyRuntime(async () => {
      this.#rest ??= setInterval(() => this.#giveUpShell(), idleShellMs).unref();
      const runtime = await deps.runtimes.create({ workspace: this.#workspace(), home: deps.home(this.id) });
      runtime.jobs.onEnd((job, last) => {
        this.#jobEnds.add(job, last);
        this.#tellJobEnds();
      });
      return runtime;
    });
    this.#deadline = new Deadline(deps.now, (waiting) => {
      this.#enqueue(() => this.#expire(waiting)).catch((fault: unknown) => deps.onFault(this.id, fault));
    });
    this.#titles = new Titles({
      limits: deps.limits,
      model: async () => this.#agent().model ?? (await this.#model()),
      read: (after, limit) => this.read(after, limit),
      isWanted: async () => (await deps.store.row(this.id))?.title === this.#state.title,
      append: (event) => this.#enqueue(() => this.#append([event])),
    });
    this.#turn = new TurnDriver({
      conversation: this,
      append: (events) => this.#enqueue(() => this.#append(events(this.#state.head + 1))),
      emit: (delta) => this.#emit(delta),
      limits: deps.limits,
      now: deps.now,
      policy: (action, tool) =>
        questionFor(action, tool.effect(action.args as never), this.#workspace(), this.#state, deps.approval),
      tools: deps.tools,
      prepare: async () => {
        const agent = this.#agent();
        // Started while the model thinks; whoever needs it meets its failure.
        this.#runtime.start().then(
          (runtime) => runtime.start().catch(() => {}),
          () => {},
        );
        return { agent, model: agent.model ?? (await this.#model()) };
      },
      runtime: () => this.#runtime.start(),
      onFault: (fault) => deps.onFault(this.id, fault),
    });
  }

  /** Reads the log of that id (empty for a new one); what a killed server left open is closed first. */
  static async open(
    id: ConversationId,
    deps: ConversationDeps,
    beyond: Beyond = { apiKeys: new Map(), atWork: new Set() },
  ): Promise<Conversation> {
    const state = await readState(id, deps.store);
    const conversation = new Conversation(id, state, deps, beyond);
    const last = (await deps.store.read(id, state.head - 1, 1))[0];
    const left = recoveryEvents(state, deps.now(), last);
    if (left.length === 0) conversation.#deadline.watch(state.awaiting);
    else await conversation.#enqueue(() => conversation.#append(left));
    return conversation;
  }

  get state(): ConversationState {
    return this.#state;
  }

  async submit(kind: string, args: unknown, options: SubmitOptions = {}): Promise<Event> {
    if (kind === "message" && hasImages(args)) await this.#refuseUnseen();
    return this.#enqueue(async () => {
      if (this.#closing) throw new DeckhandError("shutting_down");
      const before = await this.#alreadyDone(options.command);
      if (before !== undefined) return before;
      const todo = plan(kind, args, this.#state, {
        command: options.command,
        knowsAgent: (name) => this.#deps.findAgent(name, this.#deps.workspace) !== undefined,
        workspace: this.#deps.workspace,
        tools: this.#deps.tools,
      });
      if (options.apiKey !== undefined) this.#beyond.apiKeys.set(this.id, options.apiKey);
      const stored = await this.#append(todo.events(this.#state.head + 1));
      this.#carryOut(todo, stored);
      const own = stored[todo.at];
      if (own === undefined) throw new Error("a plan stores its action");
      return own;
    });
  }

  read(after: number, limit: number): Promise<readonly Event[]> {
    return this.#deps.store.read(this.id, after, limit);
  }

  follow(after: number, signal: AbortSignal): AsyncIterable<Event> {
    return this.#deps.store.follow(this.id, after, signal);
  }

  onDelta(listener: (delta: Delta) => void): () => void {
    this.#deltaListeners.add(listener);
    return () => this.#deltaListeners.delete(listener);
  }

  /** Stops what runs, says so in the log, and leaves no process. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    clearInterval(this.#rest);
    this.#deadline[Symbol.dispose]();
    const paused = stateChange("paused", "The server was stopped; say `running` or send a message to go on.");
    await this.#enqueue(() =>
      this.#append([...(isAtWork(this.#state.agentState) ? [paused] : []), ...lostJobs(this.#state)]),
    ).catch((fault: unknown) => this.#deps.onFault(this.id, fault));
    await this.#stopAll();
    await this.#titles.stop();
    await this.#mailbox;
    await this.#runtime[Symbol.asyncDispose]();
  }

  #giveUpShell(): void {
    const { agentState, awaiting } = this.#state;
    // What waits for an approval was asked about with this shell's directory in mind.
    if (isAtWork(agentState) || awaiting !== null || this.#userActions.size > 0 || this.#state.jobs.length > 0) return;
    clearInterval(this.#rest);
    this.#rest = undefined;
    this.#runtime[Symbol.asyncDispose]().catch((fault: unknown) => this.#deps.onFault(this.id, fault));
  }

  #carryOut(todo: Plan, stored: readonly Event[]): void {
    if (this.#closing) return;
    if (todo.stops === true) void this.#stopAll();
    if (todo.endsJobs === true) void this.#endJobs();
    const last = stored.at(-1);
    if (todo.runs !== undefined && last !== undefined) this.#runUserAction(todo.runs, last.id);
    if (isAtWork(this.#state.agentState)) this.#turn.start();
  }

  /** Nobody has answered in time: the agent is told and goes on. */
  async #expire(waiting: number): Promise<void> {
    if (this.#closing || this.#state.awaiting?.id !== waiting) return;
    await this.#append(expired(this.#state, "running"));
    this.#turn.start();
  }

  #runUserAction(runs: NonNullable<Plan["runs"]>, id: number): void {
    const running = new UserAction(
      { ...runs, id },
      {
        runtime: () => this.#runtime.start(),
        append: (events) => this.#enqueue(() => this.#append(events)),
        emit: (delta) => this.#emit(delta),
        onFault: (fault) => this.#deps.onFault(this.id, fault),
      },
    );
    this.#userActions.add(running);
    void running.done.then(() => this.#userActions.delete(running));
  }

  async #stopAll(): Promise<void> {
    const stopped = [...this.#userActions].map((running) => running.stop());
    await Promise.all([this.#closing ? this.#turn.close() : this.#turn.stop(), ...stopped]);
  }

  async #endJobs(): Promise<void> {
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
    this.#turn.saw(stored);
    if (!this.#closing) this.#deadline.watch(state.awaiting);
    if (!this.#closing && this.#deps.titles === true) this.#titles.changed(before.agentState, state);
    this.#rest?.refresh();
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

  #workspace(): string {
    return this.#state.settings.directory ?? this.#deps.workspace;
  }

  #agent(): Agent {
    const name = this.#state.settings.agent_cls ?? defaultAgent;
    const agent = this.#deps.findAgent(name, this.#workspace());
    if (agent === undefined) throw new DeckhandError("unknown_agent", `There is no agent ${name}.`);
    return agent;
  }

  /** A picture that the model cannot see is refused while its sender still looks. */
  async #refuseUnseen(): Promise<void> {
    const model = this.#agent().model ?? (await this.#model().catch(() => undefined));
    if (model?.takesImages !== false) return;
    throw new DeckhandError(
      "bad_args",
      "Model does not support image upload, change to a different model or try without an image.",
    );
  }

  #model(): Promise<Model> {
    const { model: name, base_url: baseUrl } = this.#state.settings;
    return this.#deps.findModel({ name, baseUrl, apiKey: this.#beyond.apiKeys.get(this.id) });
  }
}

function hasImages(args: unknown): boolean {
  const images = (args as { image_urls?: unknown } | null | undefined)?.image_urls;
  return Array.isArray(images) && images.length > 0;
}
