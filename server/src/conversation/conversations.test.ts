import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { fold, type Event } from "@deckhand/protocol";
import { arrayModel, text } from "../agent/array-model.test-kit.ts";
import type { Model, ModelChoice } from "../llm/model.ts";
import type { CachedState } from "../store/event-store.ts";
import type { Store } from "../store/store.ts";
import { writeLog } from "../store/long-log.test-kit.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import type { ConversationApi } from "./api.ts";
import { testDeps } from "./deps.test-kit.ts";
import { Conversation } from "./conversation.ts";
import { Conversations } from "./conversations.ts";
import { readState } from "./state-cache.ts";
import { watchEventLoop } from "../async/cpu-time.test-kit.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const folder = await mkdtemp(join(tmpdir(), "deckhand-conversations-"));
after(() => rm(folder, { recursive: true, force: true }));
let files = 0;

const openStore = (): Store => openSqliteStore(join(folder, `${(files += 1)}.db`));

interface Stage extends AsyncDisposable {
  readonly conversations: Conversations;
  readonly store: Store;
  readonly keys: (string | undefined)[];
}

function stage(options: { readonly model?: Model; readonly store?: Store } = {}): Stage {
  const store = options.store ?? openStore();
  const keys: (string | undefined)[] = [];
  const model = options.model ?? arrayModel(() => [text("Hello.")]);
  const deps = testDeps(model, {
    store,
    findModel: async ({ apiKey }) => {
      keys.push(apiKey);
      return model;
    },
    home: (id) => join(folder, "homes", id),
  });
  const conversations = new Conversations(deps);
  return {
    conversations,
    store,
    keys,
    async [Symbol.asyncDispose]() {
      await conversations[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

async function wholeLog(store: Store, id: string): Promise<readonly Event[]> {
  const events: Event[] = [];
  for (;;) {
    const page = await store.read(id, events.at(-1)?.id ?? -1, 1000);
    if (page.length === 0) return events;
    events.push(...page);
  }
}

test("[F1] a followed conversation stays the same object, however many others are opened", async () => {
  await using it = stage();
  const followed = await it.conversations.open("followed");
  await followed.submit("initialize", {});
  const stop = new AbortController();
  const next = followed.follow(followed.state.head, stop.signal)[Symbol.asyncIterator]().next();
  for (let n = 0; n < 500; n += 1) await it.conversations.open(`c${n}`);
  assert.equal(await it.conversations.open("followed"), followed);
  stop.abort();
  await next;
  const [one, two] = await Promise.all([it.conversations.open("new"), it.conversations.open("new")]);
  assert.equal(one, two);
});

test("[F1] a conversation at work stays in memory without any client, and its events are stored", async () => {
  const gate = Promise.withResolvers<void>();
  await using it = stage({ model: arrayModel([[text("Done.")]], () => gate.promise) });
  await (await it.conversations.open("working")).submit("start", { task: "take your time" });
  for (let n = 0; n < 500; n += 1) await it.conversations.open(`c${n}`);
  await nextTurn();
  gate.resolve();
  const stop = new AbortController();
  for await (const event of it.store.follow("working", -1, stop.signal)) {
    if (event.message === "Done." && "action" in event) stop.abort();
  }
  const states = (await wholeLog(it.store, "working")).filter((event) => event.message.includes("The server was"));
  assert.deepEqual(states, []);
});

test("[F2] idle conversations are evicted, and opened again with the same state and key", async () => {
  await using it = stage();
  const first = await (async () => {
    const conversation = await it.conversations.open("c0");
    await conversation.submit("initialize", { LLM_MODEL: "m" }, { apiKey: "sk-of-c0", command: "once" });
    return conversation.state;
  })();
  for (let n = 1; n < 2000; n += 1) {
    // Every second action is refused, and leaves nothing behind.
    const submitted = (await it.conversations.open(`c${n}`)).submit(n % 2 === 0 ? "initialize" : "nonsense", {});
    await submitted.catch(() => {});
  }
  assert.equal(it.conversations.size, 200);
  const again = await it.conversations.open("c0");
  assert.deepEqual(again.state, first);
  assert.equal((await again.submit("initialize", {}, { command: "once" })).id, 0);
  await again.submit("start", { task: "with its key" });
  while (it.keys.length === 0) await nextTurn();
  assert.deepEqual(it.keys[0], "sk-of-c0");
});

test("[MP20] an API key stays bound to the model and address it was sent for", async () => {
  const chosen: ModelChoice[] = [];
  const model = arrayModel(() => [text("Hello.")]);
  const findModel = async (choice: ModelChoice): Promise<Model> => {
    chosen.push(choice);
    return model;
  };
  await using conversations = new Conversations(testDeps(model, { store: openStore(), findModel }));
  const conversation = await conversations.open("c");
  await conversation.submit("initialize", { model: "gpt-5" }, { apiKey: "sk-1" });
  await conversation.submit("initialize", { model: "claude-sonnet-4-5" });
  await conversation.submit("start", { task: "go" });
  while (chosen.length === 0) await nextTurn();
  const { name, apiKey, keyFor } = chosen[0] ?? {};
  assert.deepEqual([name, apiKey, keyFor?.name], ["claude-sonnet-4-5", "sk-1", "gpt-5"]);
});

test("[F1] a second writer of a log is refused, reported and counted, and the first one reads on", async () => {
  const faults: unknown[] = [];
  const store = openStore();
  const deps = testDeps(
    arrayModel(() => [text("Hello.")]),
    { store, home: (id) => join(folder, "homes", id), onFault: (id, fault) => faults.push(id, fault) },
  );
  await using conversations = new Conversations(deps);
  const conversation = await conversations.open("c");
  await conversation.submit("initialize", {});
  assert.equal(conversations.conflicts, 0);
  // Another object for the same log, as another process would have it.
  await using intruder = await Conversation.open("c", deps);
  await intruder.submit("think", { thought: "I write, too." });
  await assert.rejects(conversation.submit("think", { thought: "late" }), { code: "conflict" });
  assert.equal(conversations.conflicts, 1);
  assert.equal(faults[0], "c");
  assert.match(String(faults[1]), /Another writer/);
  assert.deepEqual(conversation.state, fold(await wholeLog(store, "c")));
  const { id } = await conversation.submit("think", { thought: "again" });
  assert.equal(id, conversation.state.head);
  assert.deepEqual(conversation.state, fold(await wholeLog(store, "c")));
  assert.equal(conversations.conflicts, 1);
});

test("[F3] a conversation that is opened while it is being deleted is a new object, and cannot be written", async () => {
  await using it = stage();
  const before = await it.conversations.open("c");
  await before.submit("initialize", {});
  const deleted = it.conversations.delete("c");
  const fresh = await it.conversations.open("c");
  await deleted;
  assert.notEqual(fresh, before);
  assert.equal(fresh.state.head, -1);
  await assert.rejects(fresh.submit("think", { thought: "new" }), { code: "unknown_conversation" });
  await assert.rejects(before.submit("think", { thought: "late" }), { code: "shutting_down" });
});

test("[F4] a cached state equals the fold of the log; one that does not match is ignored and replaced", async () => {
  await using store = openStore();
  await writeLog(store, { id: "long", count: 3000 });
  assert.equal(await store.cachedState("long"), undefined);
  const whole = fold(await wholeLog(store, "long"));
  assert.deepEqual(await readState("long", store), whole);
  const cached = await store.cachedState("long");
  assert.ok(cached !== undefined);
  const { version, head } = cached;
  assert.equal(head, whole.head);
  assert.deepEqual(await readState("long", store), whole);

  const body = JSON.stringify({ ...whole, title: "a lie" });
  await store.cacheState("long", { version, head, body });
  assert.equal((await readState("long", store)).title, "a lie", "the cache is what is read");
  const wrongs: readonly CachedState[] = [
    { version: "another", head, body },
    { version, head, body: body.slice(1) },
    { version, head: head - 1, body },
    { version, head: head + 5, body: JSON.stringify({ ...whole, head: head + 5 }) },
  ];
  for (const wrong of wrongs) {
    await store.cacheState("long", wrong);
    assert.deepEqual(await readState("long", store), whole);
    assert.equal((await store.cachedState("long"))?.body, JSON.stringify(whole), "replaced");
  }
});

test("[F4] while a conversation grows, its state is cached every thousand events", async () => {
  await using it = stage();
  await writeLog(it.store, { id: "long", count: 900 });
  const conversation = await it.conversations.open("long");
  const at = conversation.state.head;
  while (conversation.state.head < 1010) await conversation.submit("think", { thought: "more" });
  const cached = await it.store.cachedState("long");
  assert.ok(cached !== undefined && cached.head >= 1000 && cached.head <= 1003, `${cached?.head}, from ${at}`);
  assert.deepEqual(await readState("long", it.store), conversation.state);
});

test("[F5] opening a long log, and reading it for the model, does not block the event loop", async () => {
  const asked: number[] = [];
  const model = arrayModel(
    () => [text("Read.")],
    (request) => void asked.push(request.messages.length),
  );
  await using it = stage({ model });
  // A page takes a few milliseconds. A full garbage collection may fall into a round, but not into all three.
  const rounds: number[] = [];
  while (rounds.length < 3 && !rounds.some((ms) => ms < 50)) {
    const id = `long ${rounds.length}`;
    await writeLog(it.store, { id, count: 30_000, outputChars: 500 });
    collectGarbage();
    const { longestMs, turns } = await watchEventLoop(async () => {
      const conversation = await it.conversations.open(id);
      const { length } = asked;
      await conversation.submit("message", { content: "go on" });
      while (asked.length === length) await nextTurn();
    });
    assert.ok((asked.at(-1) ?? 0) > 19_000, "the model gets the whole log");
    assert.ok(turns > 200, `${turns} turns`);
    rounds.push(longestMs);
  }
  assert.ok(Math.min(...rounds) < 50, `blocked for ${rounds.join(", ")} ms`);
});

test("[F10] an idle conversation takes less than 10 KB, even if it is followed", async () => {
  await using it = stage();
  const count = 2_000;
  const heapBytes = async (): Promise<number> => {
    for (let turn = 0; turn < 3; turn += 1) {
      await delay(5);
      collectGarbage();
    }
    return process.memoryUsage().heapUsed;
  };
  const make = async (name: string, use: (conversation: ConversationApi) => void): Promise<number> => {
    const before = await heapBytes();
    const one = async (n: number): Promise<void> => {
      const conversation = await it.conversations.open(`${name} ${n}`);
      await conversation.submit("initialize", {});
      use(conversation);
    };
    // In parallel, so that they share the commits.
    for (let n = 0; n < count; n += 100) await Promise.all(Array.from({ length: 100 }, (_, at) => one(n + at)));
    return ((await heapBytes()) - before) / count;
  };
  const idle = await make("idle", () => {});
  assert.ok(idle < 1_000, `${idle} bytes each, if nobody holds them`);

  const stop = new AbortController();
  const following: Promise<unknown>[] = [];
  const held: ConversationApi[] = [];
  const followed = await make("followed", (conversation) => {
    held.push(conversation);
    const signal = AbortSignal.any([stop.signal]);
    following.push(conversation.follow(conversation.state.head, signal)[Symbol.asyncIterator]().next());
  });
  assert.ok(followed < 10_000, `${followed} bytes each, if they are followed`);
  stop.abort();
  await Promise.all(following);
  assert.equal(held.length, count);
});
