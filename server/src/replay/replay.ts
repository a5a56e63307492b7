/**
 * Runs a conversation again from its log: what came from outside comes again at its place, the model says what it said,
 * commands run anew in the sandbox; and tells where the two differ.
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
  /** Events that were looked at in the recorded log, and those that came. */
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
/** What was stopped ran as long as it did then, up to this; of a crash the log tells only when the next server came. */
const mostRanMs = { says: 120_000, says_no: 0, restart: 10_000, crash: 2_000 } as const;
/** By then what is to be cut off has begun, or it never does. */
const beginsWithinMs = 10_000;

/** Everything of `parts` is for this replay alone. Fails with a `DeckhandError` where there is no sandbox. */
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
  readonly #places = new Map<number, number>();
  /** When the action at a place began to run. */
  readonly #began = new Map<number, number>();
  readonly #made = new Set<Runtime>();
  readonly #said: ReturnType<Recording["modelTurns"]["values"]>;
  /** Of the server; one that was crashed is gone. */
  #generation = 0;
  #aheadMs = 0;

  constructor(recording: Recording, log: readonly Event[], parts: ReplayDeps) {
    this.#recording = recording;
    this.#mcp = recordedMcp(log);
    this.#hooks = recordedHooks(log, (action) => recording.answerTo(this.#places.get(action) ?? -1)?.event);
    this.#parts = parts;
    this.#said = recording.modelTurns.values();
  }

  async play(): Promise<readonly Event[]> {
    let conversation = await this.#open();
    try {
      for (const input of this.#recording.inputs) {
        await this.#order.reached(input.at);
        await this.#ranAsLong(input);
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

  /** What was cut off had done something by then. */
  async #ranAsLong({ at, type }: Input): Promise<void> {
    const deadline = performance.now() + beginsWithinMs;
    for (const cut of this.#recording.cutOffAt(at)) {
      while (!this.#began.has(cut.at) && performance.now() < deadline) await delay(10);
      const ranMs = performance.now() - (this.#began.get(cut.at) ?? 0);
      await delay(Math.max(0, Math.min(cut.ranMs, mostRanMs[type]) - ranMs));
    }
  }

  async #give(input: Input, conversation: Conversation): Promise<Conversation> {
    switch (input.type) {
      case "says":
        await this.#say(input.action.action, input.action.args, conversation);
        return conversation;
      case "says_no":
        await this.#say("change_agent_state", { agent_state: "user_rejected" }, conversation);
        return conversation;
      case "crash":
        await this.#crash(conversation);
        return this.#open();
      case "restart":
        await conversation[Symbol.asyncDispose]();
        return this.#open();
    }
  }

  /** What cannot be said, because it goes another way than it went, shows as a difference. */
  async #say(kind: ActionKind, args: object, conversation: Conversation): Promise<void> {
    // What came last is in the state a moment later.
    await othersTurn();
    // An answer is to whatever waits here.
    const said = kind === "approve" ? { ...args, id: conversation.state.awaiting?.id ?? -1, rules: undefined } : args;
    await conversation.submit(kind, said).catch((error: unknown) => {
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
      places: this.#places,
      began: (place) => this.#began.set(place, performance.now()),
    });
    const model = recordedModel(this.#said, order);
    return Conversation.open(id, {
      ...others,
      ...approvalOf(this.#recording),
      workspaces: fixedWorkspace(others.workspace),
      store: watchedStore(store, isAlive, (events) => this.#came(events)),
      runtimes: trackedRuntimes(runtimes, order, this.#made),
      tools: ordered,
      mcp: this.#mcp,
      hooks: () => this.#hooks,
      findModel: async () => model,
      findAgent: findAgent(ordered),
      now: () => Date.now() + this.#aheadMs,
      resume: this.#recording.resumes ? "always" : "ask",
      onFault: (conversation, fault) => {
        // A mistake of ours is an event too, and differs.
        if (isAlive() && !(fault instanceof DeckhandError)) onFault(conversation, fault);
      },
    });
  }

  #came(events: readonly Event[]): void {
    for (const [at, event] of events.entries()) {
      const place = this.#order.count + at;
      this.#places.set(event.id, place);
      // Nobody will answer it: its time is over at once.
      if (isAction(event) && event.approval !== undefined && this.#recording.expires(place))
        this.#aheadMs += Date.parse(event.approval.expires_at) - Date.now() - this.#aheadMs;
    }
    this.#order.onEvents(events.length);
  }

  async #crash(conversation: Conversation): Promise<void> {
    this.#generation += 1;
    await Promise.all([...this.#made].map((runtime) => runtime[Symbol.asyncDispose]()));
    this.#made.clear();
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

/** When a person was asked, where the log's settings do not say: the server's own setting does not stand in a log. */
function approvalOf({ events }: Recording): Pick<ConversationDeps, "approval"> {
  const acted = events.filter((event) => isAction(event) && event.source === "agent" && isRunnable(event.action));
  const isAsked = (event: Event): boolean => isAction(event) && event.approval !== undefined;
  // Denied at once: there was nobody to ask.
  const denied = acted.filter(
    (event) => !isAsked(event) && JSON.stringify(event).includes('"confirmation_state":"rejected"'),
  );
  const asked = acted.filter((event) => isAsked(event) || denied.includes(event));
  const policy = asked.length === 0 ? "never" : asked.length === acted.length ? "always" : "risky";
  const runs = acted.filter((event) => isAction(event) && event.action === "run");
  const sandboxed = policy !== "risky" || runs.some((event) => !asked.includes(event));
  return { approval: { policy, seconds: denied.length > 0 ? 0 : 3600, sandboxed } };
}
