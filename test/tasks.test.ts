import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ModelProcess, type ScriptReply } from "./kit/model-process.ts";
import { RawSocket, type Frame } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

interface Done {
  readonly events: readonly Frame[];
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly server: ServerProcess;
}

/** Runs the script as one task in the native dialect; `files` are in the workspace beforehand. */
async function perform(
  replies: readonly ScriptReply[],
  files: Readonly<Record<string, string>>,
  check: (done: Done) => Promise<void>,
): Promise<void> {
  await using model = await ModelProcess.start(replies);
  await using server = await ServerProcess.start({ env: model.env });
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(server.workspace, name, ".."), { recursive: true });
    await writeFile(join(server.workspace, name), content);
  }
  using socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task: "do it" }, conversation: "c", command: "1" });
  await socket.next((frame) => "ack" in frame);
  socket.send({ subscribe: { conversation: "c", after: -1 } });
  await socket.state("finished");
  const requests = await model.requests();
  await check({
    events: socket.frames.filter((frame) => "id" in frame),
    messages: requests.at(-1)?.body.messages ?? [],
    server,
  });
}

const finish: ScriptReply = { calls: [{ name: "finish", arguments: { thought: "Done." } }] };
const ran = (events: readonly Frame[]): Frame[] => events.filter((event) => event["observation"] === "run");

test("[E4] a failing test in a small repository is found, fixed and run again", async () => {
  const files = {
    "sum.py": "def add(a, b):\n    return a - b\n",
    "test_sum.py":
      "import unittest\nfrom sum import add\n\nclass Test(unittest.TestCase):\n    def test_add(self):\n        self.assertEqual(add(2, 3), 5)\n",
  };
  const runTests = { name: "run", arguments: { command: "python3 -B -m unittest 2>&1" } };
  const replies: ScriptReply[] = [
    { text: "I run the tests.", calls: [runTests] },
    { calls: [{ name: "search", arguments: { pattern: "def add", glob: "*.py" } }] },
    { calls: [{ name: "read", arguments: { path: "sum.py" } }] },
    { calls: [{ name: "edit", arguments: { path: "sum.py", old_str: "a - b", new_str: "a + b" } }] },
    { calls: [runTests] },
    finish,
  ];
  await perform(replies, files, async ({ events, server }) => {
    assert.deepEqual(
      ran(events).map((event) => event["extras"].exit_code),
      [1, 0],
    );
    assert.match(ran(events)[0]?.["content"] as string, /AssertionError: -1 != 5/);
    const found = events.find((event) => event["observation"] === "search");
    assert.equal(found?.["content"], "sum.py:1:def add(a, b):");
    const edited = events.find((event) => event["observation"] === "edit");
    assert.match(edited?.["content"] as string, /^-    return a - b\n\+    return a \+ b$/m);
    assert.equal(await readFile(join(server.workspace, "sum.py"), "utf8"), "def add(a, b):\n    return a + b\n");
  });
});

test("[E5] three actions in one reply run in order and have one observation each before the next request", async () => {
  const replies: ScriptReply[] = [
    {
      text: "All at once.",
      calls: [
        { name: "run", arguments: { command: "mkdir -p a/b && cd a && echo one" } },
        { name: "write", arguments: { path: "b/two.txt", content: "two\n" } },
        { name: "run", arguments: { command: "cat b/two.txt && pwd" } },
      ],
    },
    finish,
  ];
  await perform(replies, {}, async ({ events, messages, server }) => {
    const kinds = events.map((event) => event["action"] ?? event["observation"]);
    const reply = kinds.indexOf("reply");
    assert.deepEqual(kinds.slice(reply, reply + 7), ["reply", "run", "run", "write", "write", "run", "run"]);
    const acted = events.slice(reply + 1, reply + 7);
    for (const [index, event] of acted.entries()) {
      if ("observation" in event) assert.equal(event["cause"], acted[index - 1]?.["id"]);
      assert.equal(event["tool_call"].reply, events[reply]?.["id"]);
    }
    assert.equal(ran(events)[1]?.["content"], `two\n${server.workspace}/a\n`);
    assert.deepEqual(
      messages.map((message) => message.role),
      ["system", "user", "assistant", "tool", "tool", "tool"],
    );
  });
});

test("[E6] the model sees the whole output of a failed command and fixes it", async () => {
  const replies: ScriptReply[] = [
    { calls: [{ name: "run", arguments: { command: "bash greet.sh" } }] },
    { calls: [{ name: "write", arguments: { path: "greet.sh", content: 'echo "hello $1"\n' } }] },
    { calls: [{ name: "run", arguments: { command: "bash greet.sh you; false" } }] },
    finish,
  ];
  await perform(replies, {}, async ({ events, messages }) => {
    assert.deepEqual(
      ran(events).map((event) => event["extras"].exit_code),
      [127, 1],
    );
    const results = messages.filter((message) => message.role === "tool").map((message) => String(message.content));
    assert.match(results[0] ?? "", /greet\.sh: No such file or directory\n\[exit code 127, in /);
    assert.match(results[2] ?? "", /^hello you\n\[exit code 1, in /);
  });
});
