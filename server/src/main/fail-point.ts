/**
 * For crash tests: kills this process, as `kill -9` does, when work reaches a named point. Between two points of this
 * list nothing is awaited that has an effect.
 *
 *   DECKHAND_FAILPOINT=stored:3     the third time that something has been stored
 *
 *   finding    before a command is looked up        reading   before a page of the log is read
 *   storing    before an append                     writing   inside its transaction     stored   after its commit
 *   choosing   before the model is found            asking    before a model call        hearing  while the reply streams
 *   replied    after the reply, before it is stored
 *   judging    before the approval policy is evaluated
 *   starting   before a shell is started            started   after it has started
 *   acting     before a tool runs                   printing  while it prints
 *   acted      after it has run, before its observation is stored
 *
 * Without the variable the targets are returned unchanged, so nothing is counted.
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

type FailPoint =
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
type Reached = (point: FailPoint) => void;

/** `setting` is `POINT:COUNT`; the count starts at 1. */
export function withFailPoint(setting: string | undefined, targets: FailPointTargets): FailPointTargets {
  if (setting === undefined || setting === "") return targets;
  const [wanted, count] = setting.split(":");
  let remaining = Number(count);
  const reached: Reached = (point) => {
    if (point !== wanted) return;
    remaining -= 1;
    if (remaining === 0) process.kill(process.pid, "SIGKILL");
  };
  return {
    store: failingStore(targets.store, reached),
    findModel: async (choice) => {
      reached("choosing");
      return failingModel(await targets.findModel(choice), reached);
    },
    runtimes: {
      ...targets.runtimes,
      create: async (options) => {
        reached("starting");
        const runtime = await targets.runtimes.create(options);
        await runtime.start();
        reached("started");
        return runtime;
      },
    },
    tools: new Map([...targets.tools].map(([kind, tool]) => [kind, failingTool(tool, reached)])),
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
      const reply = model.reply(request, signal);
      let step = await reply.next();
      while (!step.done) {
        reached("hearing");
        yield step.value;
        step = await reply.next();
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
