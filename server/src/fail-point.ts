/**
 * For the tests of crashes: kills this process, as `kill -9` does, at a named place of the work.
 *
 *   DECKHAND_FAILPOINT=stored:3     the third time that something has been stored
 *
 *   storing   before an append           writing   inside its transaction      stored   when it is on the disk
 *   asking    before a model call        replied   when the reply is there, before it is stored
 *   acting    before a tool runs         acted     when it has run, before its observation is stored
 *
 * Without the variable the parts are the same objects as before, and nothing is asked or counted.
 */
import type { ActionKind } from "@deckhand/protocol";
import type { Model, ModelFinder } from "./llm/model.ts";
import type { EventStore } from "./store/event-store.ts";
import type { Store } from "./store/store.ts";
import type { Tool } from "./tools/tool.ts";

export interface Parts {
  readonly store: Store;
  readonly findModel: ModelFinder;
  readonly tools: ReadonlyMap<ActionKind, Tool>;
}

type Place = "storing" | "writing" | "stored" | "asking" | "replied" | "acting" | "acted";
type Reached = (place: Place) => void;

/** `text` is `PLACE:COUNT`, the count from 1. */
export function withFailPoint(text: string | undefined, parts: Parts): Parts {
  if (text === undefined || text === "") return parts;
  const [wanted, count] = text.split(":");
  let left = Number(count);
  const reached: Reached = (place) => {
    if (place !== wanted) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, "SIGKILL");
  };
  return {
    store: failingStore(parts.store, reached),
    findModel: async (choice) => failingModel(await parts.findModel(choice), reached),
    tools: new Map([...parts.tools].map(([kind, tool]) => [kind, failingTool(tool, reached)])),
  };
}

function failingStore(store: Store, reached: Reached): Store {
  const append: EventStore["append"] = async (conversation, expectedNext, events, row) => {
    reached("storing");
    const stored = await store.append(conversation, expectedNext, events, (withIds) => {
      reached("writing");
      return row(withIds);
    });
    reached("stored");
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

function failingModel(model: Model, reached: Reached): Model {
  return {
    name: model.name,
    takesImages: model.takesImages,
    async *reply(request, signal) {
      reached("asking");
      const reply = yield* model.reply(request, signal);
      reached("replied");
      return reply;
    },
  };
}

function failingTool(tool: Tool, reached: Reached): Tool {
  return {
    ...tool,
    async *run(args, context) {
      reached("acting");
      const outcome = yield* tool.run(args, context);
      reached("acted");
      return outcome;
    },
  };
}
