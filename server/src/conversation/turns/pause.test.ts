/** A pause at every moment of a turn: before and after each append, and during each wait. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fold, isAction, stateChange, type ActionKind, type Event } from "@deckhand/protocol";
import { createAgentFinder } from "../../agent/agents.ts";
import { arrayModel, call, testTools, text, type ArrayModel } from "../../agent/array-model.test-kit.ts";
import { openSqliteStore } from "../../store/sqlite/sqlite-store.ts";
import type { Tool } from "../../tools/tool.ts";
import { Conversation } from "../conversation.ts";
import { testDeps, testRuntimes, watchedStore } from "../deps.test-kit.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-pause-"));
after(() => rm(folder, { recursive: true, force: true }));
let files = 0;

/** The points where a turn waits: meanwhile only actions of clients are stored. */
type Wait = "model found" | "runtime" | "thinking" | "tool";

interface Played {
  readonly log: readonly Event[];
  /** The paths passed to the tool, in order. */
  readonly ran: readonly string[];
  /** The number of appends, and of completed waits. */
  readonly appends: number;
  readonly waits: readonly Wait[];
}

/** Approval of nothing, of everything, or of everything while no shell is available before the first answer. */
type Kind = "free" | "asked" | "asked without a shell";

/** One turn of three replies; paused at the nth append or the nth wait, and resumed once nothing happens. */
async function play(kind: Kind, pauseAt: { readonly append?: number; readonly wait?: number } = {}): Promise<Played> {
  const ran: string[] = [];
  const waits: Wait[] = [];
  let appends = 0;
  const pause = (): Promise<unknown> =>
    it.submit("change_agent_state", { agent_state: "paused" }, { command: "pause" }).catch((error: Error) => {
      // While an action waits for an approval, nothing runs anyway.
      assert.match(error.message, /waits for an approval/);
    });
  const waiting = async (wait: Wait): Promise<void> => {
    waits.push(wait);
    if (waits.length !== pauseAt.wait) return;
    // What does not wait for this gets as far as it can.
    await settled(it);
    await pause();
  };
  const read = testTools.get("read") as unknown as Tool<"read">;
  const tool = {
    ...read,
    async *run(args, context) {
      // An action without approval began when it was stored; an approved one begins here.
      const { agentState, approved } = it.state;
      const isLate = agentState === "paused" && approved === context.id;
      ran.push(isLate ? `${args.path}, although it was paused` : args.path);
      await waiting("tool");
      return yield* read.run(args, context);
    },
  } satisfies Tool<"read">;
  const tools: ReadonlyMap<ActionKind, Tool> = new Map([...testTools, ["read", tool as unknown as Tool]]);
  const replies = [
    [text("Two."), call("read", { path: "a" }, "1"), call("read", { path: "../b" }, "2")],
    [call("think", { thought: "hm" }, "3"), call("nope", {}, "4"), call("read", { path: "c" }, "5")],
    [call("finish", { thought: "done" }, "6")],
  ];
  const model: ArrayModel = arrayModel(replies, () => waiting("thinking"));
  const store = watchedStore(openSqliteStore(join(folder, `${(files += 1)}.db`)), () => {
    appends += 1;
    if (appends === pauseAt.append) void pause();
  });
  const runtimes = testRuntimes({ cwd: "/w" });
  const deps = testDeps(model, {
    store,
    findModel: async () => {
      await waiting("model found");
      return model;
    },
    findAgent: createAgentFinder(tools),
    tools,
    runtimes: {
      ...runtimes,
      async create(options) {
        await waiting("runtime");
        if (kind === "asked without a shell" && it.state.lastAnswer === null) throw new Error("not yet");
        return runtimes.create(options);
      },
    },
    approval: { policy: kind === "free" ? "never" : "always", seconds: 3600, sandboxed: true },
  });
  const it = await Conversation.open("c", deps);
  await it.submit("start", { task: "go" });
  while (it.state.agentState !== "finished") {
    await settled(it);
    const { awaiting, agentState } = it.state;
    if (awaiting !== null) await it.submit("approve", { id: awaiting.id, decision: "allow" });
    else if (agentState === "paused") await it.submit("change_agent_state", { agent_state: "running" });
  }
  const log = await it.read(-1, 1000);
  assert.deepEqual(fold(log), it.state);
  assert.equal(model.requestLengths.length, replies.length, "no reply is asked for twice");
  await it[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  return { log, ran, appends, waits };
}

/** Resolves when nothing has happened for some turns of the event loop. */
async function settled(it: Conversation): Promise<void> {
  for (let quiet = 0, head = -1; quiet < 6; quiet += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (it.state.head === head) continue;
    quiet = 0;
    head = it.state.head;
  }
}

const begins = (event: Event): boolean => isAction(event) && event.source === "agent";

/** Actions that begin after the pause is stored and before the resume. */
function begunWhilePaused(log: readonly Event[]): readonly Event[] {
  let paused = false;
  return log.filter((event) => {
    if (!isAction(event) && event.observation === "agent_state_changed") {
      paused = event.extras.agent_state === stateChange("paused").extras.agent_state;
    }
    return paused && begins(event);
  });
}

function check(played: Played, whole: Played, where: string): void {
  assert.deepEqual(played.ran, whole.ran, `${where}: each call runs once, in order`);
  assert.deepEqual(begunWhilePaused(played.log), [], where);
  const kinds = ({ log }: Played): unknown[] => log.filter(begins).map((event) => isAction(event) && event.action);
  assert.deepEqual(kinds(played), kinds(whole), where);
}

test("[K5] after a pause at any moment no other action begins, and after a resume the work ends as without the pause", async () => {
  for (const kind of ["free", "asked", "asked without a shell"] as const) {
    const whole = await play(kind);
    assert.deepEqual(whole.ran, ["a", "../b", "c"]);
    assert.ok(whole.appends > 10 && whole.waits.length > 7, `${whole.appends} ${whole.waits.join()}`);
    // After the last append the work has ended, and there is nothing to resume.
    for (let append = 1; append < whole.appends; append += 1) {
      check(await play(kind, { append }), whole, `${kind}, append ${append}`);
    }
    for (const [at, wait] of whole.waits.entries()) {
      check(await play(kind, { wait: at + 1 }), whole, `${kind}, ${wait} (wait ${at + 1})`);
    }
  }
});
