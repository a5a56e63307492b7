/** The client library with the real server, over a connection that is cut again and again. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect, type Client } from "@deckhand/client";
import type { Event } from "@deckhand/protocol";
import { flakyProxy, type FlakyProxy } from "./kit/flaky-proxy.ts";
import { ServerProcess } from "./kit/server-process.ts";

const token = "a-token-of-this-test-only";
const thoughts = Array.from({ length: 200 }, (_, n) => ({ name: "think", arguments: { thought: `thought ${n}` } }));
const retry = { minMs: 1, maxMs: 10 };

let folder: string;
let proxy: FlakyProxy;
let server: ServerProcess;
/** Through the proxy that cuts connections, and directly. */
let far: Client;
let near: Client;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "deckhand-client-"));
  const script = join(folder, "script.json");
  await writeFile(script, JSON.stringify({ replies: [{ calls: thoughts }, { calls: thoughts }, { text: "Enough." }] }));
  proxy = await flakyProxy(() => server.port);
  const env = {
    LLM_MODEL: `scripted/${script}`,
    DECKHAND_TOKEN: token,
    DECKHAND_HOSTS: `127.0.0.1:${proxy.port}`,
  };
  server = await ServerProcess.start({ env });
  far = connect({ url: `http://127.0.0.1:${proxy.port}`, token, retry });
  near = connect({ url: server.url });
});
after(async () => {
  far?.close();
  near?.close();
  await proxy?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test("[C9] after any number of cuts the client has received exactly the log", async () => {
  const { id } = await near.create({ task: "think" });
  const got: Event[] = [];
  let cuts = 0;
  for await (const item of far.follow(id, { signal: AbortSignal.timeout(60_000) })) {
    if (item.type !== "event") continue;
    got.push(item.event);
    if (got.length % 40 === 0) cuts += Number(proxy.cut() > 0);
    if (isAt(item.event, "awaiting_user_input")) break;
  }
  assert.ok(cuts >= 5, `${cuts} cuts`);
  assert.ok(got.length > 400);
  assert.deepEqual(got, await logOf(id));
});

test("[C9] messages sent while the connection is cut again and again are each in the log once, in order", async () => {
  const { id } = await near.create();
  const texts = Array.from({ length: 60 }, (_, n) => `message ${n}`);
  let answered = 0;
  const sending = Promise.all(
    texts.map(async (content) => {
      const at = await far.send(id, "message", { content });
      answered += 1;
      if (answered % 7 === 0) proxy.cut();
      return at;
    }),
  );
  proxy.cut();
  const ids = await sending;
  const log = await logOf(id);
  const messages = log.filter((event) => "action" in event && event.action === "message" && event.source === "user");
  assert.deepEqual(
    messages.map((event) => event.message),
    texts,
  );
  assert.deepEqual(
    messages.map((event) => event.id),
    ids,
  );
});

test("[C4] without the token the client becomes unauthorized and stops retrying", async () => {
  const stranger = connect({ url: `http://127.0.0.1:${proxy.port}`, retry });
  await assert.rejects(stranger.send("c", "message", { content: "hi" }), { code: "unauthorized" });
  assert.equal(stranger.status.state, "closed");
  await assert.rejects(stranger.health(), { code: "unauthorized" });
});

test("[C10] conversations are created, listed, renamed and deleted; a follower of a deleted one is notified", async () => {
  const { id } = await near.create({ settings: { max_steps: 3 } });
  await near.rename(id, "Its name");
  const { conversations } = await near.list({ query: "Its na" });
  assert.deepEqual(
    conversations.map((row) => [row.id, row.title]),
    [[id, "Its name"]],
  );
  const following = logOf(id, (item) => item === "caught_up" && void near.delete(id));
  await assert.rejects(following, { code: "unknown_conversation" });
  await assert.rejects(near.rename(id, "x"), { code: "unknown_conversation" });
  const rule = await near.addRule({ action: "run", pattern: "npm  test" });
  assert.deepEqual([await near.rules(), rule.pattern], [[rule], "npm test"]);
  await near.deleteRule(rule.id);
  assert.deepEqual(await near.rules(), []);
  const health = await near.health();
  assert.equal(health.status, "ok");
  assert.equal(health.model.demo, false);
  assert.match(health.runtime.sentence, /\S/);
});

test("[UP6] a list subscriber is notified of changes by other clients, and after a cut to reload the list", async () => {
  const seen: string[] = [];
  const waiting = new Set<() => void>();
  const notified = async (what: string): Promise<void> => {
    while (!seen.includes(what)) await new Promise<void>((resolve) => waiting.add(resolve));
  };
  const stop = far.onList(({ rows, gone, reload }) => {
    if (reload) seen.push("reload");
    seen.push(...rows.map((row) => row.title), ...gone.map((id) => `gone ${id}`));
    for (const wake of waiting) wake();
    waiting.clear();
  });
  await notified("reload");
  const { id } = await near.create({ settings: { max_steps: 3 } });
  const changed = await near.change(id, { title: "by another", pinned: true });
  assert.deepEqual([changed.title, changed.pinned, changed.waiting], ["by another", true, null]);
  await notified("by another");
  seen.length = 0;
  proxy.cut();
  await notified("reload");
  assert.ok(
    (await far.inbox()).items.every((item) => item.id !== id),
    "nothing waits in it",
  );
  assert.equal((await near.list({ pinned: true })).conversations[0]?.id, id);
  await near.delete(id);
  await notified(`gone ${id}`);
  stop();
});

/** All stored events; with `on`, which receives each item, until the conversation ends. */
async function logOf(id: string, on?: (type: string) => unknown): Promise<readonly Event[]> {
  const events: Event[] = [];
  for await (const item of near.follow(id)) {
    if (item.type === "event") events.push(item.event);
    if (on !== undefined) on(item.type);
    else if (item.type === "caught_up") break;
  }
  return events;
}

function isAt(event: Event, state: string): boolean {
  return "observation" in event && event.observation === "agent_state_changed" && event.extras.agent_state === state;
}
