import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  action,
  DeckhandError,
  fold,
  isAction,
  isRunnable,
  type AgentState,
  type ErrorCode,
  type Event,
} from "@deckhand/protocol";
import { arrayModel, call, text, type ArrayModel } from "../agent/array-model.test-kit.ts";
import type { Model } from "../llm/model.ts";
import type { Store } from "../store/store.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import { Conversation } from "./conversation.ts";
import type { ConversationDeps } from "./deps.ts";
import { testDeps, watchedStore } from "./deps.test-kit.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-conversation-"));
after(() => rm(folder, { recursive: true, force: true }));
let files = 0;

function openStore(): Store {
  return openSqliteStore(join(folder, `${(files += 1)}.db`));
}

interface Stage extends AsyncDisposable {
  readonly conversation: Conversation;
  readonly deps: ConversationDeps;
  log(): Promise<readonly Event[]>;
  /** Resolves when the state is one of these and everything that was submitted is stored. */
  state(...states: AgentState[]): Promise<void>;
}

async function stage(model: Model, options: Partial<ConversationDeps> = {}): Promise<Stage> {
  const deps = testDeps(model, { store: openStore(), ...options });
  const conversation = await Conversation.open("c", deps);
  return {
    conversation,
    deps,
    log: () => deps.store.read("c", -1, 10_000),
    async state(...states) {
      const stop = new AbortController();
      for await (const _ of conversation.follow(-1, stop.signal)) {
        if (states.includes(conversation.state.agentState as AgentState)) stop.abort();
      }
    },
    async [Symbol.asyncDispose]() {
      await conversation[Symbol.asyncDispose]();
      await deps.store[Symbol.asyncDispose]();
    },
  };
}

const kinds = (events: readonly Event[]): string[] =>
  events.map((event) =>
    isAction(event)
      ? event.action
      : event.observation === "agent_state_changed"
        ? event.extras.agent_state
        : `→${event.observation}`,
  );
const say = (content: string) => ({ content });
const refused = (code: ErrorCode) => (error: unknown) => error instanceof DeckhandError && error.code === code;

test("[K1] a task in a new conversation initialises it, runs, and comes to rest", async () => {
  await using it = await stage(arrayModel([[text("Hello.")]]));
  const stored = await it.conversation.submit("start", { task: "greet me" });
  assert.equal(stored.id, 3);
  await it.state("awaiting_user_input");
  assert.deepEqual(kinds(await it.log()), [
    "initialize",
    "loading",
    "init",
    "start",
    "running",
    "→chat",
    "→reply",
    "message",
    "awaiting_user_input",
  ]);
  assert.equal((await it.deps.store.row("c"))?.title, "greet me");
});

test("[K2] a message is taken in at any moment of a turn", async () => {
  for (let ticks = 0; ticks < 12; ticks += 1) {
    let sent = false;
    const model = arrayModel(
      () => [text("Yes.")],
      async () => {
        if (sent) return;
        sent = true;
        void later(ticks).then(() => it.conversation.submit("message", say("one more")));
      },
    );
    await using it = await stage(model);
    await it.conversation.submit("start", { task: "go" });
    const stop = new AbortController();
    const seen: Event[] = [];
    for await (const event of it.conversation.follow(-1, stop.signal)) {
      seen.push(event);
      const chats = seen.filter((each) => !isAction(each) && each.observation === "chat").length;
      if (chats === 2 && it.conversation.state.agentState === "awaiting_user_input") stop.abort();
    }
    assert.equal(it.conversation.state.queued.length, 0);
  }
  async function later(ticks: number): Promise<void> {
    for (let tick = 0; tick < ticks; tick += 1) await new Promise((resolve) => setImmediate(resolve));
  }
});

test("[K3] a command that is sent twice runs once, also after the conversation is opened again", async () => {
  await using it = await stage(arrayModel(() => [text("Yes.")]));
  const first = await it.conversation.submit("message", say("go"), { command: "c1" });
  const second = await it.conversation.submit("message", say("go"), { command: "c1" });
  assert.deepEqual(second, first);
  await it.state("awaiting_user_input");
  await it.conversation[Symbol.asyncDispose]();
  const again = await Conversation.open("c", it.deps);
  assert.deepEqual(await again.submit("message", say("go"), { command: "c1" }), first);
  assert.equal(kinds(await it.log()).filter((kind) => kind === "message").length, 2);
});

test("[K5] a pause while the model thinks takes effect at once; its reply is cached and carried out on resume", async () => {
  const model = arrayModel(
    [[call("read", { path: "a" }, "1"), call("read", { path: "b" }, "2")], [text("Done.")]],
    async () => {
      if (model.requestLengths.length === 1)
        await it.conversation.submit("change_agent_state", { agent_state: "paused" });
    },
  );
  await using it = await stage(model);
  await it.conversation.submit("start", { task: "go" });
  const stop = new AbortController();
  for await (const event of it.conversation.follow(-1, stop.signal)) if (kinds([event])[0] === "→reply") stop.abort();
  assert.equal(it.conversation.state.agentState, "paused");
  assert.equal(it.conversation.state.pendingCalls.length, 2);
  await it.conversation.submit("change_agent_state", { agent_state: "running" });
  await it.state("awaiting_user_input");
  assert.deepEqual(
    kinds(await it.log()).filter((kind) => kind.includes("read")),
    ["read", "read", "→read", "→read"],
  );
  assert.equal(model.requestLengths.length, 2);
});

test("[K6] actions left open by a killed server are closed as unknown, nothing is run, and the next message works", async () => {
  const store = openStore();
  const args = { path: "a", start: 0, end: -1, thought: "" };
  const row = () => ({
    title: "t",
    agentState: "running" as const,
    costUsd: 0,
    busy: true,
    waiting: null,
    parent: null,
  });
  const before = await store.append(
    "c",
    0,
    [
      action("user", "start", { task: "go" }),
      {
        source: "environment",
        message: "",
        observation: "agent_state_changed",
        content: "",
        extras: { agent_state: "running" },
      },
      { source: "user", message: "go", observation: "chat", content: "go", extras: { image_urls: null }, cause: 0 },
      action("agent", "read", args, { tool_call: { reply: 3, id: "1" } }),
      action("user", "read", args),
    ],
    row,
  );
  const model = arrayModel([[text("I look first.")]]);
  await using it = await stage(model, { store });
  const closed = (await it.log()).slice(before.length);
  assert.deepEqual(kinds(closed), ["→error", "→error", "paused"]);
  assert.deepEqual(
    closed
      .slice(0, 2)
      .map((event) => !isAction(event) && event.observation === "error" && [event.cause, event.extras.code]),
    [
      [3, "outcome_unknown"],
      [4, "outcome_unknown"],
    ],
  );
  assert.match(closed[0]!.message, /Reading file: a \(started 20.*Check what it did before repeating it\./);
  assert.deepEqual(model.requestLengths, []);
  await it.conversation.submit("message", say("go on"));
  await it.state("awaiting_user_input");
});

test("[K7] a client's own action runs alongside the agent's and gets its own observation", async () => {
  await using it = await stage(arrayModel([[call("read", { path: "wait" })]]));
  await it.conversation.submit("start", { task: "go" });
  const stored = await it.conversation.submit("read", { path: "mine" });
  const stop = new AbortController();
  for await (const event of it.conversation.follow(stored.id, stop.signal)) {
    if (isAction(event) || event.cause !== stored.id) continue;
    assert.equal(event.source, "user");
    assert.equal(event.content, "content of mine");
    stop.abort();
  }
});

test("[K8] an invalid action is rejected and nothing is stored", async () => {
  await using it = await stage(arrayModel([]));
  const submit = (kind: string, args: unknown): Promise<Event> => it.conversation.submit(kind, args);
  await assert.rejects(submit("fly", {}), refused("unknown_kind"));
  await assert.rejects(submit("toString", {}), refused("unknown_kind"));
  await assert.rejects(submit("start", {}), (error: Error) => error.message === "No task specified");
  await assert.rejects(submit("start", { task: 7 }), refused("bad_args"));
  await assert.rejects(submit("run", { cmd: "ls" }), refused("bad_args"));
  await assert.rejects(submit("message", "text"), refused("bad_args"));
  await assert.rejects(submit("initialize", { agent_cls: "Nobody" }), refused("unknown_agent"));
  await assert.rejects(submit("initialize", { directory: "../elsewhere" }), refused("bad_args"));
  await assert.rejects(submit("approve", { id: 0, decision: "allow" }), refused("conflict"));
  await assert.rejects(submit("change_agent_state", { agent_state: "bogus" }), refused("bad_args"));
  await assert.rejects(submit("change_agent_state", { agent_state: "user_confirmed" }), refused("conflict"));
  assert.deepEqual(await it.log(), []);
});

test("[K15] an image is rejected at once if the model cannot read images", async () => {
  await using it = await stage(arrayModel([]));
  const picture = { content: "look", image_urls: ["data:image/png;base64,AA"] };
  await assert.rejects(
    it.conversation.submit("message", picture),
    /^DeckhandError: Model does not support image upload/,
  );
  assert.deepEqual(await it.log(), []);
});

test("[K9] an action without a tool on this server gets an error observation", async () => {
  await using it = await stage(arrayModel([]));
  const stored = await it.conversation.submit("run_ipython", { code: "1" });
  const [answer] = await it.conversation.read(stored.id, 1);
  assert.ok(answer !== undefined && !isAction(answer) && answer.observation === "error");
  assert.deepEqual([answer.cause, answer.extras.code], [stored.id, "not_available"]);
});

test("[K10] initialising again does not disturb the work, and an unchanged state is not announced", async () => {
  await using it = await stage(arrayModel([[call("finish", {})]]));
  const pause = (): Promise<Event> => it.conversation.submit("change_agent_state", { agent_state: "paused" });
  await it.conversation.submit("initialize", {});
  await pause();
  await pause();
  const announced = ["initialize", "loading", "init", "change_agent_state", "paused", "change_agent_state"];
  assert.deepEqual(kinds(await it.log()), announced);
  await it.conversation.submit("start", { task: "go" });
  await it.state("finished");
  await it.conversation.submit("initialize", { max_steps: 3 });
  assert.deepEqual(kinds(await it.log()).slice(-4), ["initialize", "loading", "init", "finished"]);
  assert.equal(it.conversation.state.settings.max_steps, 3);
});

test("[K11] a model failure ends the turn with its code and message; the next user message starts a new turn", async () => {
  await using it = await stage(arrayModel([new DeckhandError("model_auth", "Set LLM_API_KEY."), [text("Better.")]]));
  await it.conversation.submit("start", { task: "go" });
  await it.state("error");
  const [failure, change] = (await it.log()).slice(-2);
  assert.ok(failure !== undefined && !isAction(failure) && failure.observation === "error");
  assert.deepEqual(
    [failure.extras.code, failure.content, failure.cause],
    ["model_auth", "Set LLM_API_KEY.", undefined],
  );
  assert.equal(change?.message, "Set LLM_API_KEY.");
  await it.conversation.submit("message", say("again"));
  await it.state("awaiting_user_input");
});

test("[K12] an internal error ends the turn and is reported, and the conversation stays usable", async () => {
  const faults: unknown[] = [];
  await using it = await stage(arrayModel([[call("read", { path: "bug" })], [text("On.")]]), {
    onFault: (_, fault) => faults.push(fault),
  });
  await it.conversation.submit("start", { task: "go" });
  await it.state("error");
  assert.equal(faults.length, 1);
  assert.deepEqual(kinds(await it.log()).slice(-4), ["read", "→error", "→error", "error"]);
  await it.conversation.submit("message", say("again"));
  await it.state("awaiting_user_input");
});

test("[K13] a store failure ends the work with a clear error and is not retried in a loop", async () => {
  const faults: unknown[] = [];
  const model = arrayModel(() => [call("read", { path: "a" })]);
  const made = await stage(model, { onFault: (_, fault) => faults.push(fault) });
  const { append } = made.deps.store;
  let left = 6;
  made.deps.store.append = (...args) => {
    if (left-- <= 0) return Promise.reject(new DeckhandError("store_failed", "The disk is full."));
    return append.apply(made.deps.store, args);
  };
  await made.conversation.submit("start", { task: "go" });
  while (faults.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await assert.rejects(made.conversation.submit("message", say("hello?")), refused("store_failed"));
  const asked = model.requestLengths.length;
  for (let tick = 0; tick < 20; tick += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(model.requestLengths.length, asked);
  assert.deepEqual(fold(await made.log()), made.conversation.state);
});

const again = call("read", { path: "a" });
const ends = {
  limit_steps: { limits: { maxSteps: 2 }, paused: 0 },
  limit_cost: { limits: { maxCostUsd: 0.5 }, paused: 1 },
  limit_tokens: { limits: { maxTokens: 22 }, paused: 1 },
  stuck: { limits: {}, paused: 0 },
} as const;

for (const [code, { limits, paused }] of Object.entries(ends)) {
  const circling = (): ArrayModel =>
    arrayModel(({ messages }) => (JSON.stringify(messages).includes("try this") ? [text("Yes.")] : [again]));
  const parts = {
    limits: { maxSteps: 50, maxCostUsd: Infinity, maxTokens: Infinity, maxSeconds: Infinity, ...limits },
  };

  test(`[K16] a message resumes work that ${code} has paused, or is expected why it cannot`, async () => {
    await using it = await stage(circling(), parts);
    await it.conversation.submit("start", { task: "go" });
    await it.state("paused");
    const { head, reason } = it.conversation.state;
    assert.ok(reason.startsWith("Agent "), reason);
    await it.conversation.submit("message", say("try this"));
    await it.state(paused === 1 ? "paused" : "awaiting_user_input");
    const since = kinds((await it.log()).slice(head + 1));
    const expected = ["message", "running", "→chat", "→error", "paused"];
    assert.deepEqual(
      since,
      paused === 1 ? expected : [...expected.slice(0, 3), "→reply", "message", "awaiting_user_input"],
    );
    assert.deepEqual(it.conversation.state.queued, []);
  });

  test(`[K16] a message that arrives just as ${code} pauses the work is not overlooked`, async () => {
    await using first = await stage(circling(), parts);
    await first.conversation.submit("start", { task: "go" });
    await first.state("paused");
    const observations = (await first.log()).filter((event) => kinds([event])[0] === "→read").length;

    let seen = 0;
    const store = watchedStore(openStore(), (events) => {
      if (!events.some((event) => !isAction(event) && event.observation === "read")) return;
      seen += 1;
      // Stored right after it: the turn has not seen the message when it ends, and its end is not stored yet.
      if (seen === observations) void it.conversation.submit("message", say("try this"));
    });
    await using it = await stage(circling(), { ...parts, store });
    await it.conversation.submit("start", { task: "go" });
    await it.state(paused === 1 ? "paused" : "awaiting_user_input");
    const log = kinds(await it.log());
    assert.equal(log.filter((kind) => kind === "→chat").length, 2);
    assert.equal(log.filter((kind) => kind === "paused").length, paused);
    assert.deepEqual(it.conversation.state.queued, []);
  });
}

test("[K14] after any order of messages, stops and pauses the state is the fold of the log and every action has one observation", async () => {
  const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
  for (const seed of seeds) {
    const random = mulberry32(seed);
    const paths = ["a", "throw", "wait", "b"];
    const model = arrayModel(() => {
      if (random() < 0.2) return [text("Rest.")];
      const calls = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, index) =>
        call("read", { path: paths[Math.floor(random() * paths.length)] }, String(index)),
      );
      return random() < 0.1 ? [...calls, call("finish", {})] : calls;
    });
    const it = await stage(model);
    const act = [
      () => it.conversation.submit("message", say("m")),
      () => it.conversation.submit("message", say("m")),
      () => it.conversation.submit("change_agent_state", { agent_state: "stopped" }),
      () => it.conversation.submit("change_agent_state", { agent_state: "paused" }),
      () => it.conversation.submit("change_agent_state", { agent_state: "running" }),
      () => it.conversation.submit("read", { path: "a" }),
      () => it.conversation.submit("initialize", {}),
    ];
    for (let count = 0; count < 30; count += 1) {
      const acting = act[Math.floor(random() * act.length)]!();
      if (random() < 0.7) await acting;
      for (let tick = 0; tick < random() * 6; tick += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    await it.conversation[Symbol.asyncDispose]();
    const log = await it.log();
    assert.deepEqual(
      log.map((event) => event.id),
      log.map((_, index) => index),
      `seed ${seed}`,
    );
    assert.deepEqual(fold(log), it.conversation.state, `seed ${seed}`);
    for (const asked of log) {
      if (!isAction(asked) || !isRunnable(asked.action)) continue;
      const answers = log.filter((event) => !isAction(event) && event.cause === asked.id);
      assert.equal(answers.length, 1, `seed ${seed}: action ${asked.id}`);
    }
    await it.deps.store[Symbol.asyncDispose]();
  }
});

/** A small seeded generator (Tommy Ettinger, public domain). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
