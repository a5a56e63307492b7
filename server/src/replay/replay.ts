/**
 * Replays a conversation from its log: external inputs are given at their recorded positions, the model gives its recorded
 * replies, and commands run again in the sandbox. The result lists where the two logs differ.
 */
import { setImmediate as othersTurn, setTimeout as delay } from "node:timers/promises";
import { DeckhandError, isAction, isWorking, isRunnable, type ActionKind, type Event } from "@deckhand/protocol";
import type { HookPoints } from "../agent/hook-points.ts";
import { Conversation } from "../conversation/conversation.ts";
import type { ConversationDeps } from "../conversation/deps.ts";
import type { Mcp } from "../mcp/mcp.ts";
import { fixedWorkspace } from "../workspaces/fixed-workspace.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Tool } from "../tools/tool.ts";
import { differences, type Difference } from "./compare.ts";
import { RecordedOrder } from "./order.ts";
import { trackedRuntimes, orderedTools, recordedModel, watchedStore } from "./recorded-parts.ts";
import { recordedCallTool, recordedHooks, recordedMcp } from "./recorded-external.ts";
import { asUserInput, isCompared, recordingOf, type Input, type Recording } from "./recording.ts";
import { relocated, workspaceIn } from "./relocate.ts";

export interface Replay {
  /** The number of compared events in the recorded log, and in the replay. */
  readonly events: { readonly was: number; readonly is: number };
  readonly differences: readonly Difference[];
}

export interface ReplayDeps extends Pick<
  ConversationDeps,
  "store" | "runtimes" | "tools" | "limits" | "workspace" | "home" | "onFault"
> {
  readonly findAgent: (tools: ReadonlyMap<ActionKind, Tool>) => ConversationDeps["findAgent"];
}

const id = "replay";
/** An interrupted action runs as long as it did then, up to this. For a crash the log only shows when the next server started. */
const maxRunMs = { says: 120_000, says_no: 0, restart: 10_000, crash: 2_000 } as const;
/** An action that is to be interrupted begins within this time, or never. */
const beginsWithinMs = 10_000;

/** Everything in `parts` must be for this replay only. Fails with a `DeckhandError` if there is no sandbox. */
export async function replay(stored: readonly Event[], parts: ReplayDeps): Promise<Replay> {
  const log = stored.map(asUserInput);
  const from = workspaceIn(log);
  const moved = relocated(log, from, parts.workspace);
  const recording = recordingOf(moved);
  using player = new Player(recording, moved, parts);
  const now = await player.play();
  const was = log.filter(isCompared);
  const is = now.filter(isCompared);
  return {
    events: { was: was.length, is: is.length },
    differences: differences(was, is, { was: from, is: parts.workspace }),
  };
}

class Player implements Disposable {
  readonly #recording: Recording;
  readonly #parts: ReplayDeps;
  readonly #mcp: Mcp;
  readonly #hooks: HookPoints;
  readonly #order = new RecordedOrder();
  readonly #positions = new Map<number, number>();
  /** When the action at each place began to run. */
  readonly #beganAt = new Map<number, number>();
  readonly #runtimes = new Set<Runtime>();
  readonly #modelTurns: ReturnType<Recording["modelTurns"]["values"]>;
  /** Counts the servers: a crash begins the next one. */
  #generation = 0;
  #aheadMs = 0;

  constructor(recording: Recording, log: readonly Event[], parts: ReplayDeps) {
    this.#recording = recording;
    this.#mcp = recordedMcp(log);
    this.#hooks = recordedHooks(log, (action) => recording.answerTo(this.#positions.get(action) ?? -1)?.event);
    this.#parts = parts;
    this.#modelTurns = recording.modelTurns.values();
  }

  async play(): Promise<readonly Event[]> {
    let conversation = await this.#open();
    try {
      for (const input of this.#recording.inputs) {
        await this.#order.reached(input.at);
        await this.#waitUntilInterrupted(input);
        conversation = await this.#give(input, conversation);
      }
      await this.#order.reached(this.#recording.events.length);
      if (!this.#recording.endsAtWork && isWorking(conversation.state.agentState))
        await this.#order.reached(Number.POSITIVE_INFINITY);
      return await this.#read(conversation);
    } finally {
      await this.#crash(conversation);
    }
  }

  [Symbol.dispose](): void {
    this.#order[Symbol.dispose]();
  }

  /** Lets an action that was interrupted run as long as it had by then. */
  async #waitUntilInterrupted({ at, type }: Input): Promise<void> {
    const deadline = performance.now() + beginsWithinMs;
    for (const cut of this.#recording.cutOffAt(at)) {
      while (!this.#beganAt.has(cut.at) && performance.now() < deadline) await delay(10);
      const ranMs = performance.now() - (this.#beganAt.get(cut.at) ?? 0);
      await delay(Math.max(0, Math.min(cut.ranMs, maxRunMs[type]) - ranMs));
    }
  }

  async #give(input: Input, conversation: Conversation): Promise<Conversation> {
    switch (input.type) {
      case "says":
        await this.#submit(input.action.action, input.action.args, conversation);
        return conversation;
      case "says_no":
        await this.#submit("change_agent_state", { agent_state: "user_rejected" }, conversation);
        return conversation;
      case "crash":
        await this.#crash(conversation);
        return this.#open();
      case "restart":
        await conversation[Symbol.asyncDispose]();
        return this.#open();
    }
  }

  /** An input that is refused, because the replay took another course, shows up as a difference. */
  async #submit(kind: ActionKind, args: object, conversation: Conversation): Promise<void> {
    // The last event reaches the state in the next turn of the event loop.
    await othersTurn();
    // An approval answers whatever waits here.
    const adapted =
      kind === "approve" ? { ...args, id: conversation.state.awaiting?.id ?? -1, rules: undefined } : args;
    await conversation.submit(kind, adapted).catch((error: unknown) => {
      if (!(error instanceof DeckhandError)) throw error;
    });
  }

  async #open(): Promise<Conversation> {
    const { store, runtimes, tools, findAgent, onFault, ...others } = this.#parts;
    const generation = (this.#generation += 1);
    const isAlive = (): boolean => generation === this.#generation;
    const order = this.#order;
    const ordered = orderedTools(new Map([...tools, ["call_tool", recordedCallTool(this.#mcp)]]), {
      recording: this.#recording,
      order,
      positions: this.#positions,
      onBegin: (place) => this.#beganAt.set(place, performance.now()),
    });
    const model = recordedModel(this.#modelTurns, order);
    return Conversation.open(id, {
      ...others,
      ...approvalOf(this.#recording),
      workspaces: fixedWorkspace(others.workspace),
      store: watchedStore(store, isAlive, (events) => this.#onStored(events)),
      runtimes: trackedRuntimes(runtimes, order, this.#runtimes),
      tools: ordered,
      mcp: this.#mcp,
      hooks: () => this.#hooks,
      findModel: async () => model,
      findAgent: findAgent(ordered),
      now: () => Date.now() + this.#aheadMs,
      resume: this.#recording.resumes ? "always" : "ask",
      onFault: (conversation, fault) => {
        // An internal error is an event, too, and shows up as a difference.
        if (isAlive() && !(fault instanceof DeckhandError)) onFault(conversation, fault);
      },
    });
  }

  #onStored(events: readonly Event[]): void {
    for (const [at, event] of events.entries()) {
      const place = this.#order.count + at;
      this.#positions.set(event.id, place);
      // Nobody will answer it: its time is up at once.
      if (isAction(event) && event.approval !== undefined && this.#recording.expires(place))
        this.#aheadMs += Date.parse(event.approval.expires_at) - Date.now() - this.#aheadMs;
    }
    this.#order.onEvents(events.length);
  }

  async #crash(conversation: Conversation): Promise<void> {
    this.#generation += 1;
    await Promise.all([...this.#runtimes].map((runtime) => runtime[Symbol.asyncDispose]()));
    this.#runtimes.clear();
    await conversation[Symbol.asyncDispose]().catch(() => {});
  }

  async #read(conversation: Conversation): Promise<readonly Event[]> {
    const events: Event[] = [];
    for (;;) {
      const page = await conversation.read(events.length - 1, 200);
      if (page.length === 0) return events;
      events.push(...page);
    }
  }
}

/** The server's approval policy, inferred from when a person was asked: a log does not contain it. */
function approvalOf({ events }: Recording): Pick<ConversationDeps, "approval"> {
  const acted = events.filter((event) => isAction(event) && event.source === "agent" && isRunnable(event.action));
  const isAsked = (event: Event): boolean => isAction(event) && event.approval !== undefined;
  // Denied at once: the time to answer was zero.
  const denied = acted.filter(
    (event) => !isAsked(event) && JSON.stringify(event).includes('"confirmation_state":"rejected"'),
  );
  const asked = acted.filter((event) => isAsked(event) || denied.includes(event));
  const policy = asked.length === 0 ? "never" : asked.length === acted.length ? "always" : "risky";
  const runs = acted.filter((event) => isAction(event) && event.action === "run");
  const sandboxed = policy !== "risky" || runs.some((event) => !asked.includes(event));
  return { approval: { policy, seconds: denied.length > 0 ? 0 : 3600, sandboxed } };
}
