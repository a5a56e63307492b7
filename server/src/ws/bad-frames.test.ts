import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { startTestServer, type TestServer } from "../http/server.test-kit.ts";
import { connectClient } from "./client.test-kit.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
  await (await server.conversations.open(conversation)).submit("initialize", {});
});
after(() => server[Symbol.asyncDispose]());

const conversation = randomUUID();
const deep = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;

/** The frame, the code of the native error, and the message that a classic client gets. */
const bad: readonly (readonly [what: string, frame: string | Buffer, code: string, classic: RegExp])[] = [
  ["invalid JSON", "not json", "bad_json", /^Invalid JSON$/],
  ["no content", "", "bad_json", /^Invalid JSON$/],
  ["half an object", '{"action": ', "bad_json", /^Invalid JSON$/],
  ["an array", "[1]", "bad_frame", /not an object/],
  ["null", "null", "bad_frame", /not an object/],
  ["a number", "7", "bad_frame", /not an object/],
  ["no kind", '{"foo": 1}', "bad_frame", /./],
  ["a kind that is not a string", `{"action": 1, "conversation": "${conversation}"}`, "bad_frame", /./],
  ["an unknown kind", `{"action": "fly", "conversation": "${conversation}"}`, "unknown_kind", /Unknown action: fly/],
  [
    "a kind that is a property of every object",
    `{"action": "constructor", "conversation": "${conversation}"}`,
    "unknown_kind",
    /./,
  ],
  ["an observation", `{"observation": "run", "conversation": "${conversation}"}`, "bad_frame", /Only the server/],
  [
    "args that are not an object",
    `{"action": "message", "args": "x", "conversation": "${conversation}"}`,
    "bad_args",
    /./,
  ],
  [
    "an argument of the wrong type",
    `{"action": "message", "args": {"content": 1}, "conversation": "${conversation}"}`,
    "bad_args",
    /content/,
  ],
  [
    "a missing argument",
    `{"action": "run", "args": {"cmd": "ls"}, "conversation": "${conversation}"}`,
    "bad_args",
    /command/,
  ],
  [
    "a task that is not a string",
    `{"action": "start", "args": {"task": 7}, "conversation": "${conversation}"}`,
    "bad_args",
    /^No task specified$/,
  ],
  ["no task", `{"action": "start", "conversation": "${conversation}"}`, "bad_args", /^No task specified$/],
  [
    "an unknown state",
    `{"action": "change_agent_state", "args": {"agent_state": "bogus"}, "conversation": "${conversation}"}`,
    "bad_args",
    /agent_state/,
  ],
  [
    "an unknown agent",
    `{"action": "initialize", "args": {"AGENT": "NoAgent"}, "conversation": "${conversation}"}`,
    "unknown_agent",
    /NoAgent/,
  ],
  [
    "an invalid confirmation mode",
    `{"action": "initialize", "args": {"CONFIRMATION_MODE": "maybe"}, "conversation": "${conversation}"}`,
    "bad_args",
    /confirmation_mode/,
  ],
  [
    "an API key that is not a string",
    `{"action": "initialize", "args": {"LLM_API_KEY": 1}, "conversation": "${conversation}"}`,
    "bad_args",
    /LLM_API_KEY/,
  ],
  ["a nesting bomb", deep(1_000_000), "bad_frame", /./],
  [
    "a nesting bomb in an argument",
    `{"action": "finish", "args": {"outputs": {"a": ${deep(200_000)}}}, "conversation": "${conversation}"}`,
    "bad_frame",
    /nested/,
  ],
  ["binary data", Buffer.from('{"action": "think"}'), "binary_frame", /not binary/],
];

for (const [what, frame, code, classic] of bad) {
  test(`[W10] a frame with ${what} is answered with ${code}, and the socket stays open`, async () => {
    await using client = await connectClient(`${server.url}/ws`, { protocols: ["deckhand.v1"] });
    client.sendText(frame);
    const { error } = await client.next((each) => "error" in each);
    assert.equal(error.code, code);
    assert.equal(error.retryable, false);
    assert.ok(error.message.length > 5);
    client.send({ action: "initialize", conversation: randomUUID(), command: "still here" });
    await client.next((each) => each["ack"]?.command === "still here");
  });

  test(`[W11] a classic frame with ${what} is answered with an error, and the socket stays open`, async () => {
    await using client = await connectClient(`${server.url}/ws`, { protocols: ["openhands", "NO_JWT", "NO_GITHUB"] });
    client.sendText(frame);
    const answer = await client.next((each) => "error" in each);
    assert.equal(answer["error"], true);
    assert.match(answer["message"], classic);
    client.send({ action: "initialize", args: {} });
    await client.next((each) => each["extras"]?.agent_state === "init");
  });
}

for (const [what, frame] of [
  ["two kinds", { action: "think", args: { thought: "" }, conversation, subscribe: { conversation } }],
  ["an action without a conversation", { action: "think", args: { thought: "" } }],
  ["an empty subscription", { subscribe: null }],
  ["a subscription from an invalid id", { subscribe: { conversation, after: -2 } }],
  ["a subscription from a string", { subscribe: { conversation, after: "0" } }],
  ["a conversation that is not a string", { action: "start", args: { task: "x" }, conversation: { a: 1 } }],
  ["a command that is not a string", { action: "start", args: { task: "x" }, conversation, command: 1 }],
] as const) {
  test(`[W10] a frame with ${what} is answered with bad_frame`, async () => {
    await using client = await connectClient(`${server.url}/ws`, { protocols: ["deckhand.v1"] });
    client.send(frame);
    assert.equal((await client.next((each) => "error" in each))["error"].code, "bad_frame");
  });
}

test("[W10] no invalid frame left anything in the log", async () => {
  const log = await (await server.conversations.open(conversation)).read(-1, 100);
  assert.deepEqual(
    log.map((event) => ("action" in event ? event.action : event.extras)),
    ["initialize", { agent_state: "loading" }, { agent_state: "init" }],
  );
});

test("[W12] a frame of 10 MB closes its own socket with 1009, and no other", async () => {
  await using other = await connectClient(`${server.url}/ws`, { protocols: ["deckhand.v1"] });
  await using client = await connectClient(`${server.url}/ws`, { protocols: ["deckhand.v1"] });
  client.sendText("x".repeat(10 * 1024 * 1024));
  assert.equal(await client.closed, 1009);
  other.sendText("x");
  await other.next((each) => "error" in each);
});

test("[W13] a socket follows at most 100 conversations", async () => {
  await using client = await connectClient(`${server.url}/ws`, { protocols: ["deckhand.v1"] });
  const ids = Array.from({ length: 101 }, () => randomUUID());
  for (const id of ids) {
    await (await server.conversations.open(id)).submit("initialize", {});
    client.send({ subscribe: { conversation: id } });
  }
  const { error } = await client.next((each) => "error" in each);
  assert.deepEqual([error.conversation, error.code], [ids[100], "limit_exceeded"]);
  client.send({ unsubscribe: { conversation: ids[0] } });
  client.send({ subscribe: { conversation: ids[100] } });
  await client.next((each) => each["caught_up"]?.conversation === ids[100]);
  assert.equal(client.frames.filter((each) => "caught_up" in each).length, 101);
});

test("[W14] an API key is removed from the settings and appears in no event", async () => {
  await using client = await connectClient(`${server.url}/ws`, { protocols: ["deckhand.v1"] });
  const id = randomUUID();
  client.send({
    action: "initialize",
    args: { LLM_API_KEY: "sk-very-secret", LLM_MODEL: "m", LLM_BASE_URL: "", MAX_ITERATIONS: "7" },
    conversation: id,
  });
  client.send({ subscribe: { conversation: id } });
  const event = await client.next((each) => each["action"] === "initialize");
  assert.deepEqual(event["args"], { model: "m", max_steps: 7 });
  await client.next((each) => "caught_up" in each);
  assert.ok(!JSON.stringify(client.frames).includes("sk-very-secret"));
});
