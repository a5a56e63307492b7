/**
 * For the tests of crashes: kills this process, as `kill -9` does, at a named place of the work. Between two places of
 * this list nothing is awaited that changes anything.
 *
 *   DECKHAND_FAILPOINT=stored:3     the third time that something has been stored
 *
 *   finding    before a command is looked for       reading   before a page of the log is read
 *   storing    before an append           writing   inside its transaction      stored   when it is on the disk
 *   choosing   before the model is found  asking    before a model call         hearing  while the reply comes
 *   replied    when it is there, before it is stored
 *   judging    before it is known whether a person has to be asked
 *   starting   before a shell is made     started   when it is there
 *   acting     before a tool runs         printing  while it prints
 *   acted      when it has run, before its observation is stored
 *
 * Without the variable the parts are the same objects as before, and nothing is asked or counted.
 */
import type { ActionKind } from "@deckhand/protocol";
import type { Model, ModelFinder } from "../llm/model.ts";
import type { RuntimeFactory } from "../runtime/runtime.ts";
import type { EventStore } from "../store/event-store.ts";
import type { Store } from "../store/store.ts";
import type { Tool } from "../tools/tool.ts";

export interface FailPointTargets {
  readonly store: Store;
  readonly findModel: ModelFinder;
  readonly runtimes: RuntimeFactory;
  readonly tools: ReadonlyMap<ActionKind, Tool>;
}

type Place =
  | "finding"
  | "reading"
  | "storing"
  | "writing"
  | "stored"
  | "choosing"
  | "asking"
  | "hearing"
  | "replied"
  | "judging"
  | "starting"
  | "started"
  | "acting"
  | "printing"
  | "acted";
type Reached = (place: Place) => void;

/** `text` is `PLACE:COUNT`, the count from 1. */
export function withFailPoint(text: string | undefined, parts: FailPointTargets): FailPointTargets {
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
    findModel: async (choice) => {
      reached("choosing");
      return failingModel(await parts.findModel(choice), reached);
    },
    runtimes: {
      ...parts.runtimes,
      create: async (options) => {
        reached("starting");
        const runtime = await parts.runtimes.create(options);
        await runtime.start();
        reached("started");
        return runtime;
      },
    },
    tools: new Map([...parts.tools].map(([kind, tool]) => [kind, failingTool(tool, reached)])),
  };
}

function failingStore(store: Store, reached: Reached): Store {
  const failing: Pick<EventStore, "append" | "read" | "findCommand"> = {
    async append(conversation, expectedNext, events, row) {
      reached("storing");
      const stored = await store.append(conversation, expectedNext, events, (withIds) => {
        reached("writing");
        return row(withIds);
      });
      reached("stored");
      return stored;
    },
    read(conversation, after, limit) {
      reached("reading");
      return store.read(conversation, after, limit);
    },
    findCommand(conversation, command) {
      reached("finding");
      return store.findCommand(conversation, command);
    },
  };
  return new Proxy(store, {
    get(target, name) {
      if (Object.hasOwn(failing, name)) return failing[name as keyof typeof failing];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

function failingModel(model: Model, reached: Reached): Model {
  return {
    ...model,
    async *reply(request, signal) {
      reached("asking");
      const replying = model.reply(request, signal);
      let step = await replying.next();
      while (!step.done) {
        reached("hearing");
        yield step.value;
        step = await replying.next();
      }
      reached("replied");
      return step.value;
    },
  };
}

function failingTool(tool: Tool, reached: Reached): Tool {
  return {
    ...tool,
    effect(args) {
      reached("judging");
      return tool.effect(args);
    },
    async *run(args, context) {
      reached("acting");
      const running = tool.run(args, context);
      let step = await running.next();
      while (!step.done) {
        reached("printing");
        yield step.value;
        step = await running.next();
      }
      reached("acted");
      return step.value;
    },
  };
}
