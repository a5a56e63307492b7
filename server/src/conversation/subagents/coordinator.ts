/**
 * Who works for whom. A child is a conversation like any other, with a log, a shell and approvals of its own; what ties it to its parent
 * is here:
 *
 *   delegate    the child is stored, the parent's log names it (`child`), it gets its task, and the parent's action waits for its rest
 *   told        each time that it begins, waits for a person, goes on or rests, the parent's log says so, with all that it has used
 *   limits      before each of its steps what the conversations above it have left is looked at, with what all their children used by now
 *   asking      it asks a person wherever one of those above it would
 *   stop, pause those that are at work stop and pause with their parent, and go on with it
 *
 * After a crash the parent's action is closed as unknown and says where the child is; a child never goes on by itself, for nobody waits
 * for it any more.
 */
import { randomUUID } from "node:crypto";
import {
  DeckhandError,
  emptyState,
  fold,
  isWorking,
  applyChildReport,
  type ActionArgs,
  type ConversationState,
  type NewObservation,
} from "@deckhand/protocol";
import type { ApprovalDefaults } from "../../agent/approval/policy.ts";
import { limitReached, type LimitReached, type Limits } from "../../agent/limits.ts";
import type { ConversationId } from "../../store/event-store.ts";
import type { Store } from "../../store/store.ts";
import type { Outcome } from "../../tools/tool.ts";
import { resolveAgent, type ResolveDeps, type SessionKey } from "../resolve-agent.ts";
import { readState, rowOf } from "../state-cache.ts";
import { spawnEvents, maxDepth, parentOf, taskText } from "./spawn.ts";
import type { LinkedConversation } from "./linked-conversation.ts";
import { outcomeOf } from "./outcome.ts";
import { childEvents, isNews, reportOf } from "./report.ts";
import { awaitIdle } from "./await-idle.ts";
import { inheritApproval } from "./inherit-approval.ts";

export interface CoordinatorDeps extends ResolveDeps {
  readonly store: Store;
  readonly limits: Limits;
  readonly approval: ApprovalDefaults;
  /** Why children cannot work where their parent does; undefined where they can. */
  readonly unavailableReason?: string | undefined;
  /** The one object of that conversation; while it is deleted, the one that ends, and undefined where none is left. */
  readonly open: (id: ConversationId) => Promise<LinkedConversation | undefined>;
  /** Those that are at work or wait for a person now. */
  readonly busy: ReadonlySet<LinkedConversation>;
  /** Keys that clients gave, by conversation. */
  readonly sessionKeys: Map<ConversationId, SessionKey>;
  readonly now: () => number;
  readonly onFault: (conversation: ConversationId, fault: unknown) => void;
}

/** Below one conversation without a parent. Each is a shell and a model call at a time. */
const mostAtOnce = 8;

export class SubagentCoordinator {
  readonly #deps: CoordinatorDeps;
  /** Every child that is begun or awaited, with the conversation without a parent above it. */
  readonly #places = new Map<ConversationId, ConversationId>();
  /** Children whose parent's action waits for them. */
  readonly #awaited = new Map<ConversationId, LinkedConversation>();
  /** Paused with their parent, not by themselves. */
  readonly #held = new Set<ConversationId>();
  /** What is being told to parents, by child. */
  readonly #telling = new Map<ConversationId, Promise<void>>();

  constructor(deps: CoordinatorDeps) {
    this.#deps = deps;
  }

  /** Fails with `delegate_refused`, `unknown_agent`, and when the signal aborts; then the child is stopped. */
  async delegate(
    parent: LinkedConversation,
    args: ActionArgs<"delegate">,
    action: number,
    signal: AbortSignal,
  ): Promise<Outcome<"delegate">> {
    const { store, now, sessionKeys } = this.#deps;
    const link = parentOf(parent.id, parent.state, action);
    const task = taskText(args);
    this.#refuse(link.depth, link.root, task);
    const agent = resolveAgent({ agent_cls: args.agent }, this.#deps);
    const startedMs = now();
    const id = randomUUID();
    // Taken before anything is waited for.
    this.#places.set(id, link.root);
    try {
      await store.append(id, 0, spawnEvents(parent.state, link, agent), (stored) => rowOf(fold(stored)));
      const key = sessionKeys.get(parent.id);
      // It was given for the parent's model.
      if (key !== undefined && agent.definition?.model === undefined) sessionKeys.set(id, key);
      const child = await this.#deps.open(id);
      if (child === undefined) throw new DeckhandError("interrupted");
      this.#awaited.set(id, child);
      await this.#tell(child);
      signal.throwIfAborted();
      try {
        const { id: start } = await child.submit("start", { task });
        if (parent.state.agentState === "paused") this.#hold(child);
        const rest = await awaitIdle(child, start, signal);
        await this.flushReports(id);
        child.releaseRuntime();
        const { steps, costUsd } = child.state.usage;
        const ended = { agent: agent.name, conversation: id, steps, costUsd, durationMs: now() - startedMs };
        return outcomeOf(rest, ended);
      } catch (error) {
        if (signal.aborted) await this.#stop(child);
        throw error;
      }
    } finally {
      this.#places.delete(id);
      this.#awaited.delete(id);
      this.#held.delete(id);
    }
  }

  /** Is told of every change of a conversation, and tells its parent and its children what they have to know. */
  onStateChange(member: LinkedConversation, before: ConversationState, state: ConversationState): void {
    if (isNews(before, state)) this.#tellLater(member);
    if (state.children.length === 0 || before.agentState === state.agentState) return;
    const awaited = [...this.#awaited.values()].filter((child) => isChildOf(child, member.id));
    if (state.agentState === "paused") for (const child of awaited) this.#hold(child);
    else if (isWorking(state.agentState)) for (const child of awaited) this.#letGoOn(child);
  }

  /** Resolves when the parent's log has all that there is to tell of a child by now. */
  async flushReports(child: ConversationId): Promise<void> {
    await this.#telling.get(child);
  }

  /** Those that work for it now, whoever asked them to. */
  childrenOf(id: ConversationId): readonly LinkedConversation[] {
    const members = new Set([...this.#deps.busy, ...this.#awaited.values()]);
    return [...members].filter((member) => isChildOf(member, id));
  }

  async stopChildren(id: ConversationId): Promise<void> {
    await Promise.all(this.childrenOf(id).map((child) => this.#stop(child)));
  }

  /** Which limit of a conversation above it stands in the way of another step; null where none does. */
  async limitAbove(state: ConversationState): Promise<LimitReached | null> {
    const { limits, now } = this.#deps;
    for (let link = state.parent; link !== null;) {
      const parent = await this.#parent(link.conversation);
      if (parent === undefined) return null;
      const used = this.#usedByNow(parent);
      const { action } = link;
      // Steps and time are those of a turn; where none waits for it, only what does not come back counts.
      const isAwaited = used.open.some(({ id }) => id === action);
      const reached = limitReached(isAwaited ? used : { ...used, turn: emptyState.turn }, limits, now());
      if (reached !== null) {
        return { code: reached.code, message: `The conversation that it works for has no more. ${reached.message}` };
      }
      link = parent.state.parent;
    }
    return null;
  }

  /** What it asks a person about, and what was allowed. */
  async effectiveApproval(state: ConversationState): Promise<Pick<ConversationState, "settings" | "rules">> {
    let asking: Pick<ConversationState, "settings" | "rules"> = state;
    for (let link = state.parent; link !== null;) {
      const parent = await this.#parent(link.conversation);
      if (parent === undefined) break;
      asking = inheritApproval(asking, parent.state, this.#deps.approval);
      link = parent.state.parent;
    }
    return asking;
  }

  /** After a crash: what its log was not told of its children, and by the id of an action a sentence on the child that did it. */
  async orphaned(
    state: ConversationState,
  ): Promise<{ readonly events: readonly NewObservation<"child">[]; readonly traces: ReadonlyMap<number, string> }> {
    const traces = new Map<number, string>();
    const events: NewObservation<"child">[] = [];
    for (const { conversation, action, agent, agent_state: last } of state.children) {
      const isOpen = state.open.some(({ id }) => id === action);
      if (!isOpen && !isWorking(last) && last !== "awaiting_user_confirmation") continue;
      const report = reportOf(conversation, await readState(conversation, this.#deps.store));
      if (report !== undefined) events.push(...childEvents(report, state));
      if (isOpen) traces.set(action, `What ${agent} did stands in its conversation ${conversation}.`);
    }
    return { events, traces };
  }

  #refuse(depth: number, root: ConversationId, task: string): void {
    const { unavailableReason: whyApart } = this.#deps;
    const refuse = (why: string): never => {
      throw new DeckhandError("delegate_refused", why);
    };
    if (task === "") refuse("There is no task: say in `task` what the agent is to do and to give back.");
    if (whyApart !== undefined) refuse(whyApart);
    if (depth > maxDepth) refuse("An agent that works for an agent which works for another one hands out no work.");
    const busy = [...this.#places.values()].filter((other) => other === root).length;
    if (busy >= mostAtOnce) refuse(`No more than ${mostAtOnce} agents work at once; wait for one of them.`);
  }

  /** The parent's state, had its log been told of everything that its children used by now. */
  #usedByNow(parent: LinkedConversation): ConversationState {
    let { state } = parent;
    for (const child of this.childrenOf(parent.id)) {
      const report = reportOf(child.id, { ...child.state, ...this.#usedUsage(child) });
      if (report !== undefined) state = applyChildReport(state, report, this.#deps.now());
    }
    return state;
  }

  #usedUsage(child: LinkedConversation): Pick<ConversationState, "usage"> {
    return { usage: this.childrenOf(child.id).length === 0 ? child.state.usage : this.#usedByNow(child).usage };
  }

  #tellLater(child: LinkedConversation): void {
    const before = this.#telling.get(child.id) ?? Promise.resolve();
    const telling = before
      .then(() => this.#tell(child))
      .catch((fault: unknown) => this.#deps.onFault(child.id, fault))
      .then(() => {
        if (this.#telling.get(child.id) === telling) this.#telling.delete(child.id);
      });
    this.#telling.set(child.id, telling);
  }

  async #tell(child: LinkedConversation): Promise<void> {
    const parent = await this.#parent(child.state.parent?.conversation);
    await parent?.append((now) => {
      const report = reportOf(child.id, child.state);
      return report === undefined ? [] : childEvents(report, now);
    });
  }

  /** Undefined where it is gone. */
  async #parent(id: ConversationId | undefined): Promise<LinkedConversation | undefined> {
    if (id === undefined || (await this.#deps.store.row(id)) === undefined) return undefined;
    return this.#deps.open(id);
  }

  async #stop(child: LinkedConversation): Promise<void> {
    const { agentState, awaiting } = child.state;
    if (!isWorking(agentState) && awaiting === null && agentState !== "paused") return;
    await this.#ask(child, "stopped");
  }

  #hold(child: LinkedConversation): void {
    if (!isWorking(child.state.agentState)) return;
    this.#held.add(child.id);
    void this.#ask(child, "paused");
  }

  #letGoOn(child: LinkedConversation): void {
    if (this.#held.delete(child.id)) void this.#ask(child, "running");
  }

  /** What has moved on meanwhile needs nothing; a server that stops rests them by itself. */
  async #ask(child: LinkedConversation, agentState: "stopped" | "paused" | "running"): Promise<void> {
    await child.submit("change_agent_state", { agent_state: agentState }).catch((fault: unknown) => {
      const expected = fault instanceof DeckhandError && ["conflict", "busy", "shutting_down"].includes(fault.code);
      if (!expected) this.#deps.onFault(child.id, fault);
    });
  }
}

function isChildOf(member: LinkedConversation, id: ConversationId): boolean {
  return member.state.parent?.conversation === id;
}
