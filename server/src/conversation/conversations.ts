/** All conversations of this server: opening, listing, forking, importing and deleting them. */
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { DeckhandError, type Event } from "@deckhand/protocol";
import { Semaphore } from "../async/semaphore.ts";
import type { ConversationId, ConversationRow, ListChange, ListOptions, Marks } from "../store/event-store.ts";
import type { ConversationApi, ConversationsApi } from "./api.ts";
import { Conversation } from "./conversation.ts";
import type { ConversationDeps, SharedState } from "./deps.ts";
import { ConversationRegistry } from "./registry.ts";
import type { SessionKey } from "./resolve-agent.ts";
import { RuntimePool } from "./runtime/runtime-pool.ts";
import { readState } from "./state-cache.ts";
import { SubagentCoordinator } from "./subagents/coordinator.ts";
import type { LinkedConversation } from "./subagents/linked-conversation.ts";
import { forkConversation } from "./transfer/fork.ts";
import { importConversation } from "./transfer/import.ts";
import { eventPages } from "./transfer/pages.ts";

/** At start-up, inspecting what a killed server's actions have done takes at most this long in total, this many at once. */
const inspectionMs = 3000;
const maxInspections = 4;

/** For finding out what would be lost with a workspace. */
const unsavedMs = 30_000;
const unsavedUnknown = "Whether its workspace has unsaved work could not be determined.";

export class Conversations implements ConversationsApi, AsyncDisposable {
  readonly #deps: ConversationDeps;
  readonly #registry: ConversationRegistry<Conversation>;
  readonly #sessionKeys = new Map<ConversationId, SessionKey>();
  #conflicts = 0;

  constructor(deps: ConversationDeps) {
    this.#deps = deps;
    const busy = new Set<LinkedConversation>();
    const sessionKeys = this.#sessionKeys;
    const shared: SharedState = {
      sessionKeys,
      busy,
      runtimePool: new RuntimePool(),
      subagents: new SubagentCoordinator({
        findModel: deps.findModel,
        findAgent: deps.findAgent,
        ...(deps.defaultAgent === undefined ? {} : { defaultAgent: deps.defaultAgent }),
        workspace: deps.workspace,
        store: deps.store,
        limits: deps.limits,
        approval: deps.approval,
        now: deps.now,
        onFault: deps.onFault,
        unavailableReason: deps.runtimes.noSubagentsReason,
        busy,
        sessionKeys,
        open: (id) => this.#registry.openOrRemoving(id),
      }),
      onHeldChange: (conversation, isHeld) => this.#registry.onHeldChange(conversation as Conversation, isHeld),
      onConflict: (id) => {
        this.#conflicts += 1;
        deps.onFault(
          id,
          new Error("Another writer has appended to the log of this conversation; its append was refused."),
        );
      },
    };
    this.#registry = new ConversationRegistry((id, signal) => Conversation.open(id, deps, shared, signal));
  }

  /** How many are in memory. */
  get size(): number {
    return this.#registry.size;
  }

  /** How many appends were refused because a log had a second writer. Stays 0 as long as there is no bug. */
  get conflicts(): number {
    return this.#conflicts;
  }

  /** Closes what a killed server left open. Nothing is run, unless the server is configured to resume work. */
  async recover(): Promise<void> {
    const inspection = AbortSignal.timeout(inspectionMs);
    const slots = new Semaphore(maxInspections);
    const ids = await this.#deps.store.busy();
    await Promise.all(ids.map((id) => slots.run(() => this.#registry.open(id, inspection))));
  }

  open(id: ConversationId): Promise<ConversationApi> {
    return this.#registry.open(id);
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
    const live = this.#registry.peek(id);
    if (!discard && (live === undefined || live.state.settings.workspace !== undefined)) await this.#refuseLoss(id);
    await this.#registry.remove(id, (open) => this.#remove(id, open, discard));
  }

  async fork(from: ConversationId, at?: number): Promise<ConversationRow> {
    const { settings, parent } = await readState(from, this.#deps.store);
    const { workspace } = settings;
    const isOwn = workspace !== undefined && !("folder" in workspace);
    const owner = parent?.root ?? from;
    const copyOf = isOwn && this.#deps.workspaces.isReady(owner, workspace) ? owner : undefined;
    const row = await this.#create(async (to) => {
      await forkConversation({ from, at, to, copyOf }, this.#deps);
      await this.#deps.checkpoints?.copyRefs(from, to, at ?? Infinity);
      const key = this.#sessionKeys.get(from);
      if (key !== undefined) this.#sessionKeys.set(to, key);
    });
    // Now, before the original changes its workspace further.
    if (copyOf !== undefined) (await this.#registry.open(row.id)).prepareWorkspace();
    return row;
  }

  import(events: AsyncIterable<readonly Event[]>, title: string): Promise<ConversationRow> {
    return this.#create((to) => importConversation({ events, title, to }, this.#deps));
  }

  pages(id: ConversationId, last: number): AsyncIterable<readonly Event[]> {
    return eventPages(id, last, this.#deps.store);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#registry[Symbol.asyncDispose]();
  }

  async #create(write: (id: ConversationId) => Promise<void>): Promise<ConversationRow> {
    const id = randomUUID();
    await write(id);
    const row = await this.row(id);
    if (row === undefined) throw new DeckhandError("unknown_conversation");
    return row;
  }

  async #refuseLoss(id: ConversationId): Promise<void> {
    if (!(await this.exists(id))) return;
    const { settings } = (await this.open(id)).state;
    const unsaved = await this.#deps.workspaces
      .unsavedWork(id, settings.workspace, AbortSignal.timeout(unsavedMs))
      .catch(() => unsavedUnknown);
    if (unsaved !== undefined)
      throw new DeckhandError("conflict", `${unsaved} Delete it with \`discard\` to lose that.`);
  }

  /** Subagents work in their parent's workspace, and for nobody else. */
  async #removeChildren(id: ConversationId): Promise<void> {
    for (;;) {
      const children = await this.#deps.store.list({ parent: id, limit: 100 });
      if (children.length === 0) return;
      for (const child of children) await this.delete(child.id, true);
    }
  }

  async #remove(id: ConversationId, open: Conversation | undefined, discard: boolean): Promise<void> {
    await open?.[Symbol.asyncDispose]();
    await this.#removeChildren(id);
    this.#sessionKeys.delete(id);
    const { workspace } = (await readState(id, this.#deps.store)).settings;
    // The log names the workspace, so it goes last: a removal that fails can be tried again.
    await this.#deps.workspaces.remove(id, workspace, discard);
    await this.#deps.store.delete(id);
    await this.#deps.checkpoints?.drop(id);
    const home = this.#deps.home(id);
    await this.#deps.runtimes.remove?.({ home }).catch((fault: unknown) => this.#deps.onFault(id, fault));
    await rm(home, { recursive: true, force: true });
  }
}
