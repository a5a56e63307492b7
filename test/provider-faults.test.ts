/** Every way in which a provider fails during a turn, and everything that a client sees of it. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ModelProcess, type ScriptReply } from "./kit/model-process.ts";
import { RawSocket, type Frame } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

const run = (command: string, id?: string) => ({
  name: "run",
  arguments: { command },
  ...(id === undefined ? {} : { id }),
});
const again = { status: 429, headers: { "retry-after-ms": "10" } };
const faults: Readonly<Record<string, readonly ScriptReply[]>> = {
  "two refusals": [again, again, { text: "Here I am." }],
  "five hours": [{ status: 429, headers: { "retry-after": "18000" } }],
  "always cut": [{ text: "Half of a reply that never", calls: [run("touch never")], cut_after: 3 }],
  "cut, then whole": [
    { text: "Half of it", calls: [run("echo cut >> once")], cut_after: 2 },
    { text: "All of it", calls: [run("echo whole >> once")] },
    { text: "Done." },
  ],
  "nothing said": [{}, { text: "Now I say something." }],
  "bad arguments": [
    { calls: [{ name: "run", arguments: '{"command": "ls' }] },
    { calls: [run("echo repaired")] },
    { text: "Done." },
  ],
  "one id for three": [
    { calls: [run("echo one", "same"), run("echo two", "same"), run("echo three", "same")] },
    { text: "Three." },
  ],
  "too long": [
    {
      status: 400,
      body: {
        error: {
          message: "This model's maximum context length is 128000 tokens.",
          type: "invalid_request_error",
          code: "context_length_exceeded",
        },
      },
    },
  ],
};

let model: ModelProcess;
let server: ServerProcess;
before(async () => {
  model = await ModelProcess.start([], {
    conversations: Object.entries(faults).map(([when, replies]) => ({ when, replies, after: "repeat_last" })),
  });
  server = await ServerProcess.start({ env: { ...model.env, LLM_NUM_RETRIES: "2" } });
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
});

interface Seen {
  /** Everything after the task was accepted: kinds with codes and states. */
  readonly kinds: readonly string[];
  readonly frames: readonly Frame[];
}

async function see(task: string): Promise<Seen> {
  const conversation = task.replaceAll(/\W/g, "-");
  using socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task }, conversation });
  socket.send({ subscribe: { conversation, deltas: false } });
  await socket.next((frame) => /^(awaiting|error|paused|finished)/.test(frame["extras"]?.agent_state ?? ""));
  const frames = socket.frames.filter((frame) => "timestamp" in frame);
  const from = frames.findIndex((frame) => frame["observation"] === "chat") + 1;
  return { kinds: frames.slice(from).map(kindOf), frames };
}

function kindOf(frame: Frame): string {
  if ("action" in frame) return frame["action"] as string;
  const { code, agent_state: state } = frame["extras"];
  const words = [`→${frame["observation"]}`, code ?? state];
  return words.filter((word) => word !== undefined).join(" ");
}

test("[X9] two rate-limit errors, then a reply: both waits are reported, and the turn continues", async () => {
  const { kinds } = await see("two refusals");
  const wait = "→status model_rate_limited";
  assert.deepEqual(kinds, [wait, wait, "→reply", "message", "→agent_state_changed awaiting_user_input"]);
});

test("[X9] a rate limit of five hours fails the turn and says when to come back", async () => {
  const { kinds, frames } = await see("five hours");
  assert.deepEqual(kinds, ["→error model_rate_limited", "→agent_state_changed error"]);
  assert.match(frames.at(-2)?.["content"] as string, /Try again in 300 min/);
});

test("[X10] nothing of a reply that is cut off is stored or run, however much of it arrived", async () => {
  const cut = "→status model_unavailable";
  const { kinds, frames } = await see("always cut");
  assert.deepEqual(kinds, [cut, cut, "→error model_unavailable", "→agent_state_changed error"]);
  assert.doesNotMatch(JSON.stringify(frames.slice(-2)), /Half of/);
  const whole = await see("cut, then whole");
  const end = ["→reply", "message", "→agent_state_changed awaiting_user_input"];
  assert.deepEqual(whole.kinds, [cut, "→reply", "run", "→run", ...end]);
  assert.equal(whole.frames.find((frame) => frame["action"] === "run")?.["args"].command, "echo whole >> once");
});

test("[X11] an empty reply is requested again", async () => {
  const { kinds } = await see("nothing said");
  assert.deepEqual(kinds, [
    "→status model_empty_reply",
    "→reply",
    "message",
    "→agent_state_changed awaiting_user_input",
  ]);
});

test("[X12] invalid JSON arguments are reported to the model, and its next call runs", async () => {
  const { kinds } = await see("bad arguments");
  const end = ["→reply", "message", "→agent_state_changed awaiting_user_input"];
  assert.deepEqual(kinds, ["→reply", "→error bad_tool_args", "→reply", "run", "→run", ...end]);
});

test("[X7] three calls with the same id in one reply each run and get a result, and the next request is valid", async () => {
  const { kinds, frames } = await see("one id for three");
  const ran = ["run", "→run", "run", "→run", "run", "→run"];
  const end = ["→reply", "message", "→agent_state_changed awaiting_user_input"];
  assert.deepEqual(kinds, ["→reply", ...ran, ...end]);
  const outputs = frames.filter((frame) => frame["observation"] === "run").map((frame) => frame["content"] as string);
  assert.deepEqual(outputs, ["one\n", "two\n", "three\n"]);
  const last = (await model.requests()).findLast(({ body }) => JSON.stringify(body).includes("one id for three"));
  const messages = (last?.body.messages ?? []) as readonly Frame[];
  const asked = messages.flatMap((message) => (message["tool_calls"] ?? []) as { id: string }[]);
  const answered = messages.filter((message) => message["role"] === "tool");
  assert.deepEqual(
    asked.map((call) => call.id),
    answered.map((message) => message["tool_call_id"] as string),
  );
  assert.equal(new Set(asked.map((call) => call.id)).size, 3);
});

test("[X13] a conversation that is too long for the model ends the turn with a specific code and is not retried", async () => {
  const { kinds } = await see("too long");
  assert.deepEqual(kinds, ["→error model_context_too_long", "→agent_state_changed error"]);
});
