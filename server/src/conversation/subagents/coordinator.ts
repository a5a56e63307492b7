/**
 * Which conversations work for which. A subagent is a conversation like any other, with a log, a shell and approvals of its
 * own. What ties it to its parent:
 *
 *   delegate   the subagent is stored, the parent's log names it (`child`), it gets its task, and the parent's action waits
 *              until it is idle
 *   report     whenever it starts, waits for a person, continues or stops, the parent's log says so, with what it has used
 *   limits     before each of its steps the limits of the conversations above it are checked, counting all their subagents
 *   approval   it needs an approval wherever one of the conversations above it would
 *   pause,     a subagent at work pauses and stops with its parent, and continues with it
 *   stop
 *
 * After a crash the parent's action is closed with an unknown outcome and names the subagent. A subagent never resumes by
 * itself, because nothing waits for it any more.
 */
import { randomUUID } from "node:crypto";
import {
  applyChildReport,
  DeckhandError,
  emptyState,
  fold,
  isWorking,
  type ActionArgs,
  type ConversationState,
  type NewObservation,
} from "@deckhand/protocol";
import type { ApprovalDefaults } from "../../agent/approval/policy.ts";
import { limitReached, type LimitReached, type Limits } from "../../agent/limits.ts";
import { KeyedQueue } from "../../async/keyed-queue.ts";
import type { ConversationId } from "../../store/event-store.ts";
import type { Store } from "../../store/store.ts";
import type { Outcome } from "../../tools/tool.ts";
import { resolveAgent, type ResolveDeps, type SessionKey } from "../resolve-agent.ts";
import { readState, rowOf } from "../state-cache.ts";
import { awaitIdle } from "./await-idle.ts";
import { inheritApproval } from "./inherit-approval.ts";
import type { LinkedConversation } from "./linked-conversation.ts";
import { outcomeOf } from "./outcome.ts";
import { childEvents, isNews, reportOf } from "./report.ts";
import { maxDepth, parentOf, spawnEvents, taskText } from "./spawn.ts";

export interface CoordinatorDeps extends ResolveDeps {
  readonly store: Store;
  readonly limits: Limits;
  readonly approval: ApprovalDefaults;
  /** Why subagents cannot work in their parent's workspace; undefined if they can. */
  readonly unavailableReason?: string | undefined;
  /** The live object of that conversation. While it is being deleted: the object that is closing, or undefined if there is none. */
  readonly open: (id: ConversationId) => Promise<LinkedConversation | undefined>;
  /** The conversations that are at work or wait for an approval now. */
  readonly busy: ReadonlySet<LinkedConversation>;
  readonly sessionKeys: Map<ConversationId, SessionKey>;
  readonly now: () => number;
  readonly onFault: (conversation: ConversationId, fault: unknown) => void;
}

/** Below one root conversation. Each is a shell and a model call. */
const maxSubagents = 8;

export class SubagentCoordinator {
  readonly #deps: CoordinatorDeps;
  /** The root conversation of every subagent that is being started or awaited. */
  readonly #roots = new Map<ConversationId, ConversationId>();
  /** Subagents that an action of their parent waits for. */
  readonly #awaited = new Map<ConversationId, LinkedConversation>();
  /** Subagents that were paused because their parent was, rather than by a person. */
  readonly #pausedWithParent = new Set<ConversationId>();
  /** Reports to parents, by subagent. */
  readonly #reports = new KeyedQueue();

  constructor(deps: CoordinatorDeps) {
    this.#deps = deps;
  }

  /** Fails with `delegate_refused`, `unknown_agent`, and when the signal aborts; then the subagent is stopped. */
  async delegate(
    parent: LinkedConversation,
    args: ActionArgs<"delegate">,
    action: number,
    signal: AbortSignal,
  ): Promise<Outcome<"delegate">> {
    const { store, now, sessionKeys } = this.#deps;
    const link = parentOf(parent.id, parent.state, action);
    const task = taskText(args);
    this.#checkAllowed(link.depth, link.root, task);
    const agent = resolveAgent({ agent_cls: args.agent }, this.#deps);
    const startedMs = now();
    const id = randomUUID();
    // Counted before the first await, so that parallel calls cannot exceed the limit.
    this.#roots.set(id, link.root);
    try {
      await store.append(id, 0, spawnEvents(parent.state, link, agent), (stored) => rowOf(fold(stored)));
      const key = sessionKeys.get(parent.id);
      // The key was sent for the parent's model.
      if (key !== undefined && agent.definition?.model === undefined) sessionKeys.set(id, key);
      const child = await this.#deps.open(id);
      if (child === undefined) throw new DeckhandError("interrupted");
      this.#awaited.set(id, child);
      await this.#report(child);
      signal.throwIfAborted();
      try {
        const { id: start } = await child.submit("start", { task });
        if (parent.state.agentState === "paused") this.#pause(child);
        const result = await awaitIdle(child, start, signal);
        await this.flushReports(id);
        child.releaseRuntime();
        const { steps, costUsd } = child.state.usage;
        const ended = { agent: agent.name, conversation: id, steps, costUsd, durationMs: now() - startedMs };
        return outcomeOf(result, ended);
      } catch (error) {
        if (signal.aborted) await this.#stop(child);
        throw error;
      }
    } finally {
      this.#roots.delete(id);
      this.#awaited.delete(id);
      this.#pausedWithParent.delete(id);
    }
  }

  /** To be called for every change of a conversation: notifies its parent and its subagents as far as it concerns them. */
  onStateChange(conversation: LinkedConversation, before: ConversationState, state: ConversationState): void {
    if (isNews(before, state)) this.#queueReport(conversation);
    if (state.children.length === 0 || before.agentState === state.agentState) return;
    const awaited = [...this.#awaited.values()].filter((child) => isChildOf(child, conversation.id));
    if (state.agentState === "paused") for (const child of awaited) this.#pause(child);
    else if (isWorking(state.agentState)) for (const child of awaited) this.#resume(child);
  }

  /** Resolves when the parent's log has all that there is to report of a subagent by now. */
  async flushReports(child: ConversationId): Promise<void> {
    await this.#reports.run(child, () => {});
  }

  /** The subagents that work for it now, started by the agent or by a person. */
  childrenOf(id: ConversationId): readonly LinkedConversation[] {
    const active = new Set([...this.#deps.busy, ...this.#awaited.values()]);
    return [...active].filter((conversation) => isChildOf(conversation, id));
  }

  async stopChildren(id: ConversationId): Promise<void> {
    await Promise.all(this.childrenOf(id).map((child) => this.#stop(child)));
  }

  /** The limit of a conversation above it that rules out another step; null if there is none. */
  async limitAbove(state: ConversationState): Promise<LimitReached | null> {
    const { limits, now } = this.#deps;
    for (let link = state.parent; link !== null;) {
      const parent = await this.#parent(link.conversation);
      if (parent === undefined) return null;
      const used = this.#withUnreportedUsage(parent);
      const { action } = link;
      // Steps and time are limits of a turn. If no turn waits for the subagent, only cost and tokens count.
      const isAwaited = used.open.some(({ id }) => id === action);
      const reached = limitReached(isAwaited ? used : { ...used, turn: emptyState.turn }, limits, now());
      if (reached !== null) {
        return { code: reached.code, message: `The parent conversation has reached its limit. ${reached.message}` };
      }
      link = parent.state.parent;
    }
    return null;
  }

  /** The approval settings and rules that apply to it: its own, tightened by those of the conversations above it. */
  async effectiveApproval(state: ConversationState): Promise<Pick<ConversationState, "settings" | "rules">> {
    let effective: Pick<ConversationState, "settings" | "rules"> = state;
    for (let link = state.parent; link !== null;) {
      const parent = await this.#parent(link.conversation);
      if (parent === undefined) break;
      effective = inheritApproval(effective, parent.state, this.#deps.approval);
      link = parent.state.parent;
    }
    return effective;
  }

  /**
   * After a crash: the reports that are missing in its log, and a sentence about the subagent for each action (by id) that
   * waited for one.
   */
  async orphaned(state: ConversationState): Promise<{
    readonly events: readonly NewObservation<"child">[];
    readonly sentences: ReadonlyMap<number, string>;
  }> {
    const sentences = new Map<number, string>();
    const events: NewObservation<"child">[] = [];
    for (const { conversation, action, agent, agent_state: last } of state.children) {
      const isOpen = state.open.some(({ id }) => id === action);
      if (!isOpen && !isWorking(last) && last !== "awaiting_user_confirmation") continue;
      const report = reportOf(conversation, await readState(conversation, this.#deps.store));
      if (report !== undefined) events.push(...childEvents(report, state));
      if (isOpen) sentences.set(action, `What ${agent} did is recorded in its conversation ${conversation}.`);
    }
    return { events, sentences };
  }

  #checkAllowed(depth: number, root: ConversationId, task: string): void {
    const { unavailableReason } = this.#deps;
    const refuse = (reason: string): never => {
      throw new DeckhandError("delegate_refused", reason);
    };
    if (task === "") refuse("The task is empty. Describe in `task` what the agent should do and return.");
    if (unavailableReason !== undefined) refuse(unavailableReason);
    if (depth > maxDepth) refuse(`Subagents can be nested at most ${maxDepth} levels deep.`);
    const running = [...this.#roots.values()].filter((other) => other === root).length;
    if (running >= maxSubagents) refuse(`At most ${maxSubagents} subagents can run at once. Wait for one to finish.`);
  }

  /** The parent's state as if its log had everything that its subagents have used by now. */
  #withUnreportedUsage(parent: LinkedConversation): ConversationState {
    let { state } = parent;
    for (const child of this.childrenOf(parent.id)) {
      const report = reportOf(child.id, { ...child.state, usage: this.#usageOf(child) });
      if (report !== undefined) state = applyChildReport(state, report, this.#deps.now());
    }
    return state;
  }

  #usageOf(child: LinkedConversation): ConversationState["usage"] {
    return this.childrenOf(child.id).length === 0 ? child.state.usage : this.#withUnreportedUsage(child).usage;
  }

  #queueReport(child: LinkedConversation): void {
    this.#reports
      .run(child.id, () => this.#report(child))
      .catch((fault: unknown) => this.#deps.onFault(child.id, fault));
  }

  async #report(child: LinkedConversation): Promise<void> {
    const parent = await this.#parent(child.state.parent?.conversation);
    await parent?.append((now) => {
      const report = reportOf(child.id, child.state);
      return report === undefined ? [] : childEvents(report, now);
    });
  }

  /** Undefined if it was deleted. */
  async #parent(id: ConversationId | undefined): Promise<LinkedConversation | undefined> {
    if (id === undefined || (await this.#deps.store.row(id)) === undefined) return undefined;
    return this.#deps.open(id);
  }

  async #stop(child: LinkedConversation): Promise<void> {
    const { agentState, awaiting } = child.state;
    if (!isWorking(agentState) && awaiting === null && agentState !== "paused") return;
    await this.#changeState(child, "stopped");
  }

  #pause(child: LinkedConversation): void {
    if (!isWorking(child.state.agentState)) return;
    this.#pausedWithParent.add(child.id);
    void this.#changeState(child, "paused");
  }

  #resume(child: LinkedConversation): void {
    if (this.#pausedWithParent.delete(child.id)) void this.#changeState(child, "running");
  }

  /** Never rejects. A child whose state has changed meanwhile is left alone; a server that shuts down pauses it anyway. */
  async #changeState(child: LinkedConversation, agentState: "stopped" | "paused" | "running"): Promise<void> {
    await child.submit("change_agent_state", { agent_state: agentState }).catch((fault: unknown) => {
      const isExpected = fault instanceof DeckhandError && ["conflict", "busy", "shutting_down"].includes(fault.code);
      if (!isExpected) this.#deps.onFault(child.id, fault);
    });
  }
}

function isChildOf(conversation: LinkedConversation, id: ConversationId): boolean {
  return conversation.state.parent?.conversation === id;
}
