/** The collaborators of a conversation in a replay: each waits for its place in the recorded order. */
import { DeckhandError, isAction, type ActionKind, type Event } from "@deckhand/protocol";
import type { Model } from "../llm/model.ts";
import type { Runtime, RuntimeFactory } from "../runtime/runtime.ts";
import type { Store } from "../store/store.ts";
import type { AnyOutcome, Tool } from "../tools/tool.ts";
import type { RecordedOrder } from "./order.ts";
import { isCompared, isCutOff, type Recording, type ModelTurn } from "./recording.ts";

/** Gives the recorded replies, each at its place, and fails when there are no more. No other model is called. */
export function recordedModel(turns: Iterator<ModelTurn>, order: RecordedOrder): Model {
  return {
    name: "recorded",
    takesImages: true,
    isScript: true,
    // oxlint-disable-next-line require-yield -- it does not stream
    async *reply(_, signal) {
      const next = turns.next();
      await order.reached(next.done === true ? Number.POSITIVE_INFINITY : next.value.at, signal);
      if (next.done === true) throw new DeckhandError("model_unavailable", "The log has no more replies.");
      if (next.value.type === "failure") throw new DeckhandError(next.value.code, next.value.message);
      const { parts, finish_reason, usage, cost_usd, first_token_ms } = next.value.event.extras;
      return { parts, finishReason: finish_reason, usage, costUsd: cost_usd, firstTokenMs: first_token_ms };
    },
  };
}

interface Playing {
  readonly recording: Recording;
  readonly order: RecordedOrder;
  /** Places of the replayed events, by id. */
  readonly positions: ReadonlyMap<number, number>;
  /** Called when the action at that place begins to run. */
  readonly onBegin: (place: number) => void;
}

/** Tools run in the sandbox and return at the recorded place; those that need the network return what was recorded. */
export function orderedTools(tools: ReadonlyMap<ActionKind, Tool>, playing: Playing): ReadonlyMap<ActionKind, Tool> {
  return new Map([...tools].map(([kind, tool]) => [kind, orderedTool(tool, playing)]));
}

function orderedTool(tool: Tool, { recording, order, positions, onBegin }: Playing): Tool {
  return {
    ...tool,
    // oxlint-disable-next-line require-yield -- nobody watches
    async *run(args, context) {
      const place = positions.get(context.id) ?? -1;
      const recorded = recording.events[place];
      const answer =
        recorded !== undefined && isAction(recorded) && recorded.action === tool.action
          ? recording.answerTo(place)
          : undefined;
      const outcome = await order.during(async () => {
        if (externalEffects.has(tool.effect(args)) || tool.action === "delegate")
          return recordedOutcome(tool, answer?.event);
        onBegin(place);
        const running = tool.run(args, context);
        let step = await running.next();
        while (!step.done) step = await running.next();
        return step.value;
      });
      if (!context.signal.aborted && answer !== undefined) {
        // An action that was interrupted waits for the interruption.
        await order.reached(isCutOff(answer.event) ? Number.POSITIVE_INFINITY : answer.at, context.signal);
      }
      return outcome;
    },
  };
}

const externalEffects: ReadonlySet<string> = new Set(["network", "external"]);

function recordedOutcome(tool: Tool, event: Event | undefined): AnyOutcome {
  if (event !== undefined && !isAction(event)) {
    if (event.observation === "error") throw new DeckhandError(event.extras.code, event.content);
    if (event.observation === tool.action)
      return { observation: event.observation, content: event.content, extras: event.extras } as AnyOutcome;
  }
  throw new DeckhandError(
    "not_available",
    "A replay does not use the network, and the log has no result for this call.",
  );
}

/** A store that fails for a conversation that has crashed, and reports what was stored. */
export function watchedStore(
  store: Store,
  isAlive: () => boolean,
  onStored: (events: readonly Event[]) => void,
): Store {
  const append: Store["append"] = async (...args) => {
    if (!isAlive()) throw new DeckhandError("store_failed", "The server is gone.");
    const stored = await store.append(...args);
    onStored(stored.filter(isCompared));
    return stored;
  };
  return new Proxy(store, {
    get(target, name) {
      if (name === "append") return append;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Tracks the runtimes, so that a crash can end them. */
export function trackedRuntimes(runtimes: RuntimeFactory, order: RecordedOrder, created: Set<Runtime>): RuntimeFactory {
  return {
    ...runtimes,
    create: (options) =>
      order.during(async () => {
        const runtime = await runtimes.create(options);
        created.add(runtime);
        await runtime.start();
        return runtime;
      }),
  };
}
