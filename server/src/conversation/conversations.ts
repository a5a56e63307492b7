/**
 * All conversations of this server. Of each there is one object at most, because there may be one writer of its log.
 *
 * Whoever holds a conversation (a socket, a turn, its shell's timer) gets the same object as everybody else; one that
 * nobody can reach can write nothing either, and is opened again from its log. So what is not used is left to the
 * garbage collector: only those at work and the last ones used are held here.
 */
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { DeckhandError, type Event } from "@deckhand/protocol";
import type { ConversationId, ConversationRow, ListChange, ListOptions, Marks } from "../store/event-store.ts";
import type { ConversationApi, ConversationsApi } from "./api.ts";
import { RuntimePool } from "./runtime/runtime-pool.ts";
import { SubagentCoordinator } from "./subagents/coordinator.ts";
import type { SessionKey } from "./own-key.ts";
import { Conversation } from "./conversation.ts";
import type { ConversationDeps } from "./deps.ts";
import { forkConversation, importConversation, pages } from "./transfer/fork.ts";
import { readState } from "./state-cache.ts";

/** At start all looks at what a killed server's actions did take so long together, so many at once. */
const lookMs = 3000;
const looksAtOnce = 4;

/** Of a look at what would be lost with a workspace. */
const lossMs = 30_000;
const unknown = "Whether something in its workspace would be lost cannot be told.";
/** At rest a conversation is its state, a few kilobytes; opening one again reads the end of its log. */
const mostRecent = 200;

export class Conversations implements ConversationsApi, AsyncDisposable {
  readonly #deps: ConversationDeps;
  readonly #opening = new Map<ConversationId, Promise<Conversation>>();
  readonly #open = new Map<ConversationId, WeakRef<Conversation>>();
  readonly #collected = new FinalizationRegistry<ConversationId>((id) => {
    // It may have been opened again since.
    if (this.#open.get(id)?.deref() === undefined) this.#open.delete(id);
  });
  /** The last ones used, oldest first. */
  readonly #recent = new Set<Conversation>();
  readonly #atWork = new Set<Conversation>();
  readonly #shells = new RuntimePool();
  /** Keys stand in no log: they outlive the object. */
  readonly #apiKeys = new Map<ConversationId, SessionKey>();
  readonly #leaving = new Map<ConversationId, Promise<void>>();
  readonly #family: SubagentCoordinator;

  constructor(deps: ConversationDeps) {
    this.#deps = deps;
    const { whyNoChildren: whyApart } = deps.runtimes;
    const [atWork, apiKeys] = [this.#atWork, this.#apiKeys];
    this.#family = new SubagentCoordinator({
      ...deps,
      unavailableReason: whyApart,
      atWork,
      apiKeys,
      open: (id) => this.#member(id),
    });
  }

  /** How many are in memory. */
  get size(): number {
    return this.#open.size;
  }

  /** Closes what a killed server left open. Nothing is run, unless it is configured to go on. */
  async recover(): Promise<void> {
    const ids = (await this.#deps.store.busy()).values();
    const look = AbortSignal.timeout(lookMs);
    const worker = async (): Promise<void> => {
      for (const id of ids) await this.open(id, look);
    };
    await Promise.all(Array.from({ length: looksAtOnce }, worker));
  }

  open(id: ConversationId, look?: AbortSignal): Promise<ConversationApi> {
    return this.#opened(id, look);
  }

  /** Who is told of what happens while a conversation is deleted must not wait for that to be over. */
  async #member(id: ConversationId): Promise<Conversation | undefined> {
    return this.#leaving.has(id) ? this.#open.get(id)?.deref() : this.#opened(id);
  }

  #opened(id: ConversationId, look?: AbortSignal): Promise<Conversation> {
    const there = this.#leaving.has(id) ? undefined : this.#open.get(id)?.deref();
    if (there !== undefined) {
      this.#use(there);
      return Promise.resolve(there);
    }
    let opening = this.#opening.get(id);
    if (opening === undefined) {
      const reading = this.#read(id, look);
      void reading.catch(() => {}).then(() => this.#opening.get(id) === reading && this.#opening.delete(id));
      this.#opening.set(id, (opening = reading));
    }
    return opening;
  }

  async exists(id: ConversationId): Promise<boolean> {
    return (await this.row(id)) !== undefined;
  }

  list(options: ListOptions): Promise<readonly ConversationRow[]> {
    return this.#deps.store.list(options);
  }

  row(id: ConversationId): Promise<ConversationRow | undefined> {
    return this.#deps.store.row(id);
  }

  rename(id: ConversationId, title: string): Promise<void> {
    return this.#deps.store.rename(id, title);
  }

  waiting(limit: number): Promise<readonly ConversationRow[]> {
    return this.#deps.store.waiting(limit);
  }

  followList(signal: AbortSignal): AsyncIterable<ListChange> {
    return this.#deps.store.followList(signal);
  }

  mark(id: ConversationId, marks: Marks): Promise<void> {
    return this.#deps.store.mark(id, marks);
  }

  async delete(id: ConversationId, discard = false): Promise<void> {
    const open = this.#open.get(id)?.deref();
    if (!discard && (open === undefined || open.state.settings.workspace !== undefined)) await this.#refuseLoss(id);
    // Whoever opens it from now on waits: by then the id is one that is not made again.
    const opening = this.#opening.get(id);
    this.#opening.delete(id);
    const gone = Promise.resolve(this.#leaving.get(id)).then(() => this.#remove(id, opening, discard));
    const settled = gone.catch(() => {});
    this.#leaving.set(id, settled);
    await settled;
    if (this.#leaving.get(id) === settled) this.#leaving.delete(id);
    await gone;
  }

  async fork(from: ConversationId, at?: number): Promise<ConversationRow> {
    const { settings, parent } = await readState(from, this.#deps.store);
    const { workspace } = settings;
    const isOwn = workspace !== undefined && !("folder" in workspace);
    const place = parent?.root ?? from;
    const copies = isOwn && this.#deps.places.isReady(place, workspace) ? place : undefined;
    const row = await this.#made(async (to) => {
      await forkConversation({ from, at, to, copies }, this.#deps);
      this.#deps.histories?.copyRefs(from, to, at ?? Infinity);
      const key = this.#apiKeys.get(from);
      if (key !== undefined) this.#apiKeys.set(to, key);
    });
    // Now, before the other one changes further.
    if (copies !== undefined) (await this.#opened(row.id)).beginWorkspace();
    return row;
  }

  import(events: AsyncIterable<readonly Event[]>, title: string): Promise<ConversationRow> {
    return this.#made((to) => importConversation({ events, title, to }, this.#deps));
  }

  pages(id: ConversationId, last: number): AsyncIterable<readonly Event[]> {
    return pages(id, last, this.#deps.store);
  }

  async #made(make: (id: ConversationId) => Promise<void>): Promise<ConversationRow> {
    const id = randomUUID();
    await make(id);
    const row = await this.row(id);
    if (row === undefined) throw new DeckhandError("unknown_conversation");
    return row;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#opening.values());
    const open = [...this.#open.values()].flatMap((ref) => ref.deref() ?? []);
    await Promise.all(open.map((conversation) => conversation[Symbol.asyncDispose]()));
  }

  async #read(id: ConversationId, look?: AbortSignal): Promise<Conversation> {
    await this.#leaving.get(id);
    const conversation = await Conversation.open(
      id,
      this.#deps,
      { apiKeys: this.#apiKeys, atWork: this.#atWork, shells: this.#shells, family: this.#family },
      look,
    );
    this.#open.set(id, new WeakRef(conversation));
    this.#collected.register(conversation, id);
    this.#use(conversation);
    return conversation;
  }

  #use(conversation: Conversation): void {
    this.#recent.delete(conversation);
    this.#recent.add(conversation);
    const [oldest] = this.#recent;
    if (this.#recent.size > mostRecent && oldest !== undefined) this.#recent.delete(oldest);
  }

  async #refuseLoss(id: ConversationId): Promise<void> {
    if (!(await this.exists(id))) return;
    const { settings } = (await this.open(id)).state;
    const lost = await this.#deps.places
      .unsavedWork(id, settings.workspace, AbortSignal.timeout(lossMs))
      .catch(() => unknown);
    if (lost !== undefined) throw new DeckhandError("conflict", `${lost} Delete it with \`discard\` all the same.`);
  }

  /** They work in its folder, and for nobody else. */
  async #removeChildren(id: ConversationId): Promise<void> {
    for (;;) {
      const children = await this.#deps.store.list({ parent: id, limit: 100 });
      if (children.length === 0) return;
      for (const child of children) await this.delete(child.id, true);
    }
  }

  async #remove(id: ConversationId, opening: Promise<Conversation> | undefined, discard: boolean): Promise<void> {
    await opening?.catch(() => {});
    const open = this.#open.get(id)?.deref();
    await open?.[Symbol.asyncDispose]();
    await this.#removeChildren(id);
    this.#open.delete(id);
    if (open !== undefined) for (const held of [this.#recent, this.#atWork]) held.delete(open);
    this.#apiKeys.delete(id);
    const { workspace } = (await readState(id, this.#deps.store)).settings;
    // What fails here can be tried again: the log that says where it works goes last.
    await this.#deps.places.remove(id, workspace, discard);
    await this.#deps.store.delete(id);
    this.#deps.histories?.drop(id);
    const home = this.#deps.home(id);
    await this.#deps.runtimes.remove?.({ home }).catch((fault: unknown) => this.#deps.onFault(id, fault));
    await rm(home, { recursive: true, force: true });
  }
}
