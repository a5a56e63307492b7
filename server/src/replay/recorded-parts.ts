/** The parts of a conversation, as they are in a replay: each waits for its place in the recorded order. */
import { DeckhandError, isAction, type ActionKind, type Event } from "@deckhand/protocol";
import type { Model } from "../llm/model.ts";
import type { Runtime, RuntimeFactory } from "../runtime/runtime.ts";
import type { Store } from "../store/store.ts";
import type { AnyOutcome, Tool } from "../tools/tool.ts";
import type { RecordedOrder } from "./order.ts";
import { isCompared, isCutOff, type Recording, type ModelTurn } from "./recording.ts";

/** Replies what was recorded, when its place has come, and says so when there is no more. No other model is asked. */
export function recordedModel(said: Iterator<ModelTurn>, order: RecordedOrder): Model {
  return {
    name: "recorded",
    takesImages: true,
    isScript: true,
    // oxlint-disable-next-line require-yield -- it is whole at once
    async *reply(_, signal) {
      const next = said.next();
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
  /** Places of the events that came, by id. */
  readonly places: ReadonlyMap<number, number>;
  /** Is told that the action at that place runs now. */
  readonly began: (place: number) => void;
}

/** They run in the sandbox and tell what came of it when its place has come; what needs the network tells what was recorded. */
export function orderedTools(tools: ReadonlyMap<ActionKind, Tool>, playing: Playing): ReadonlyMap<ActionKind, Tool> {
  return new Map([...tools].map(([kind, tool]) => [kind, orderedTool(tool, playing)]));
}

function orderedTool(tool: Tool, { recording, order, places, began }: Playing): Tool {
  return {
    ...tool,
    // oxlint-disable-next-line require-yield -- nobody looks on
    async *run(args, context) {
      const place = places.get(context.id) ?? -1;
      const asked = recording.events[place];
      const answer =
        asked !== undefined && isAction(asked) && asked.action === tool.action ? recording.answerTo(place) : undefined;
      const outcome = await order.during(async () => {
        if (outside.has(tool.effect(args)) || tool.action === "delegate") return recordedOutcome(tool, answer?.event);
        began(place);
        const running = tool.run(args, context);
        let step = await running.next();
        while (!step.done) step = await running.next();
        return step.value;
      });
      if (!context.signal.aborted && answer !== undefined) {
        // What was cut off waits for what cut it off.
        await order.reached(isCutOff(answer.event) ? Number.POSITIVE_INFINITY : answer.at, context.signal);
      }
      return outcome;
    },
  };
}

const outside: ReadonlySet<string> = new Set(["network", "foreign"]);

function recordedOutcome(tool: Tool, event: Event | undefined): AnyOutcome {
  if (event !== undefined && !isAction(event)) {
    if (event.observation === "error") throw new DeckhandError(event.extras.code, event.content);
    if (event.observation === tool.action)
      return { observation: event.observation, content: event.content, extras: event.extras } as AnyOutcome;
  }
  throw new DeckhandError("not_available", "A replay does not reach the network, and the log has no answer to this.");
}

/** A store of which a conversation that was crashed has nothing any more; tells what has come. */
export function watchedStore(store: Store, alive: () => boolean, came: (events: readonly Event[]) => void): Store {
  const append: Store["append"] = async (...asked) => {
    if (!alive()) throw new DeckhandError("store_failed", "The server is gone.");
    const stored = await store.append(...asked);
    came(stored.filter(isCompared));
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

/** Keeps what was made, so that a crash can end it. */
export function trackedRuntimes(runtimes: RuntimeFactory, order: RecordedOrder, made: Set<Runtime>): RuntimeFactory {
  return {
    ...runtimes,
    create: (options) =>
      order.during(async () => {
        const runtime = await runtimes.create(options);
        made.add(runtime);
        await runtime.start();
        return runtime;
      }),
  };
}
