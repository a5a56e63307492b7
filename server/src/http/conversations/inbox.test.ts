import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { connectClient, type Frame } from "../../ws/client.test-kit.ts";
import { cannedModel, startTestServer, type TestServer } from "../server.test-kit.ts";

async function ask(server: TestServer, method: string, path: string, body?: object): Promise<[number, Frame]> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return [response.status, (await response.json()) as Frame];
}

test("[UP1] a conversation can be pinned, archived, marked as seen and renamed, also at once; invalid values are refused", async () => {
  await using server = await startTestServer();
  const [, { id }] = await ask(server, "POST", "/api/conversations", {});
  const [, { id: other }] = await ask(server, "POST", "/api/conversations", {});
  const path = `/api/conversations/${id}`;
  const [status, row] = await ask(server, "PATCH", path, { pinned: true, title: "renamed", seen: 1 });
  assert.deepEqual([status, row["pinned"], row["title"], row["seen"]], [200, true, "renamed", 1]);
  assert.equal((await ask(server, "PATCH", path, { archived: true }))[1]["pinned"], true);
  const ids = async (query: string): Promise<string[]> =>
    (await ask(server, "GET", `/api/conversations${query}`))[1]["conversations"].map((each: Frame) => each["id"]);
  assert.deepEqual(await ids("?archived=false"), [other]);
  assert.deepEqual(await ids("?archived=true&pinned=true"), [id]);
  assert.deepEqual(new Set(await ids("")), new Set([id, other]));
  for (const wrong of [{}, { pinned: "yes" }, { title: "" }, { seen: 0.5 }]) {
    assert.equal((await ask(server, "PATCH", path, wrong))[0], 400, JSON.stringify(wrong));
  }
  assert.equal((await ask(server, "PATCH", "/api/conversations/nobody", { pinned: true }))[0], 404);
  assert.equal((await ask(server, "GET", "/api/conversations?archived=perhaps"))[0], 400);
});

test("[UP2] [UP7] the inbox shows a pending action with reasons, deadline and possible rules; a second answer learns who was first", async () => {
  const call = { type: "call", id: "1", name: "browse", arguments: '{"url":"https://example.invalid/a"}' } as const;
  const model = cannedModel([[call], [{ type: "text", text: "Which one?" }]]);
  await using server = await startTestServer({ model });
  await using watcher = await connectClient(`${server.url}/ws`, { protocols: ["deckhand.v1"] });
  watcher.send({ subscribe_list: {} });
  const waits = (kind: string): Promise<Frame> =>
    watcher.next((frame) => frame["list"]?.rows.some((row: Frame) => row["waiting"]?.kind === kind) === true);
  const id = randomUUID();
  await ask(server, "POST", "/api/conversations", { id, task: "look it up", settings: { approval: "risky" } });
  const inbox = async (): Promise<Frame> => (await ask(server, "GET", "/api/inbox"))[1];
  await waits("approval");
  const { items, more } = await inbox();
  assert.equal(more, false);
  const { waiting, title, agent_state: state } = items[0];
  assert.deepEqual([title, state, items.length], ["look it up", "awaiting_user_confirmation", 1]);
  assert.equal(waiting.asked.action, "browse");
  assert.equal(waiting.asked.args.url, "https://example.invalid/a");
  assert.deepEqual(waiting.asked.reasons, ["network"]);
  assert.deepEqual(waiting.asked.rules, [{ action: "browse", pattern: "https://example.invalid" }]);
  assert.ok(Date.parse(waiting.expires_at) > Date.now());
  // Lists omit the action.
  const [, { conversations }] = await ask(server, "GET", "/api/conversations");
  assert.deepEqual(Object.keys(conversations[0].waiting).toSorted(), ["expires_at", "id", "kind", "text"]);

  const answer = {
    action: "approve",
    args: { id: waiting.id, decision: "deny", reason: "not there", name: "Ana\u202E" },
  };
  assert.equal((await ask(server, "POST", `/api/conversations/${id}/events`, answer))[0], 201);
  const [late, { error }] = await ask(server, "POST", `/api/conversations/${id}/events`, answer);
  assert.equal(late, 409);
  assert.match(error.message, /already denied by Ana⟨U\+202E⟩\./);
  await waits("question");
  assert.equal((await inbox())["items"][0].waiting.text, "Which one?");
});
