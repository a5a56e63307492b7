/** Workspace history: the real server, the real sandbox, and a scripted model. */
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CliProcess } from "./kit/cli-process.ts";
import { ModelProcess, type ScriptReply } from "./kit/model-process.ts";
import { until } from "./kit/processes.ts";
import { RawSocket, type Frame } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

const run = (command: string): ScriptReply => ({ calls: [{ name: "run", arguments: { command } }] });
const done: ScriptReply = { calls: [{ name: "finish", arguments: { thought: "Done." } }] };

const ruin =
  "rm -rf gone link; printf 'changed\\n' > text; chmod -x tool; head -c 3000 /dev/urandom > bytes; ln -s /etc link; echo new > 'new\n\u202Efile'";
const tasks: Readonly<Record<string, readonly ScriptReply[]>> = {
  ruin: [run(ruin), run("echo more >> text"), done, { text: "I looked." }],
  "first task": [run("echo 1 > a"), run("true"), done, run("echo 2 > a; echo agent > b"), done],
  "killed task": [run("echo 1 > killed"), run("echo 2 > killed; touch begun; sleep 31557601"), done],
  "long task": [run("touch working; sleep 31557602"), done],
  "no git task": [run("echo x > y"), run("echo z > y"), done],
};

let model: ModelProcess;
let server: ServerProcess;
const roots: string[] = [];
before(async () => {
  model = await ModelProcess.start([], {
    conversations: Object.entries(tasks).map(([when, replies]) => ({ when, replies })),
  });
  server = await start();
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

function start(more: { env?: Record<string, string>; home?: string } = {}): Promise<ServerProcess> {
  const env = { ...model.env, DECKHAND_CHECKPOINTS: "true", DECKHAND_APPROVAL: "never", ...more.env };
  return ServerProcess.start({ ...more, env });
}

/** A separate folder for a conversation. */
async function folder(name: string, on = server): Promise<(...path: string[]) => string> {
  await mkdir(join(on.workspace, name), { recursive: true });
  return (...path) => join(on.workspace, name, ...path);
}

async function work(id: string, task: string, on = server): Promise<void> {
  using socket = await begin(id, task, on);
  await socket.state("finished");
  await rested(id, on);
}

async function begin(id: string, task: string, on = server): Promise<RawSocket> {
  const socket = await RawSocket.open(on.wsUrl, ["deckhand.v1"]);
  const directory = join(on.workspace, id);
  if (!(await ask(on, "GET", id)).ok) {
    socket.send({ action: "initialize", args: { directory }, conversation: id });
  }
  socket.send({ action: "message", args: { content: task }, conversation: id });
  const from = await headOf(id, on);
  socket.send({ subscribe: { conversation: id, after: from } });
  return socket;
}

const ask = (on: ServerProcess, method: string, path: string, body?: object): Promise<Response> =>
  fetch(`${on.url}/api/conversations/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });

async function json(response: Promise<Response>): Promise<Frame> {
  return (await (await response).json()) as Frame;
}

async function headOf(id: string, on: ServerProcess): Promise<number> {
  const row = await json(ask(on, "GET", id));
  return typeof row["head"] === "number" ? row["head"] : -1;
}

async function logOf(id: string, on = server): Promise<Frame[]> {
  return (await json(ask(on, "GET", `${id}/events?limit=1000`)))["events"] as Frame[];
}

/** Waits until the last checkpoint is the one at the end of the turn. */
async function rested(id: string, on = server): Promise<void> {
  await until(async () => {
    const log = await logOf(id, on);
    const last = log.findLast((event) => event["observation"] === "checkpoint");
    const wrote = log.findLast((event) => event["observation"] === "run" || event["observation"] === "restore");
    return last !== undefined && last["extras"].after >= (wrote?.["id"] ?? 0);
  }, 20_000);
}

const noSettings = (line: string): object => (line.includes('"action":"initialize"') ? { args: {} } : {});

const idOf = (log: readonly Frame[], fits: (event: Frame) => boolean): number => {
  const found = log.find(fits);
  assert.ok(found !== undefined);
  return found["id"] as number;
};

test("[UT1] files can be listed and read as of any event, and nothing else is reachable", async () => {
  const id = "looked-back";
  const at = await folder(id);
  await mkdir(at("gone"));
  writeFileSync(at("gone", "file"), "gone\r\n");
  writeFileSync(at("text"), "text\n");
  writeFileSync(
    at("bytes"),
    Uint8Array.from({ length: 300 }, (_, index) => index % 256),
  );
  writeFileSync(at("tool"), "#!/bin/sh\n");
  symlinkSync("text", at("link"));
  await work(id, "ruin");
  const log = await logOf(id);
  const ran = idOf(log, (event) => event["observation"] === "run");
  const files = (when: number): Promise<Frame> => json(ask(server, "GET", `${id}/history/files?at=${when}`));
  const file = (when: number, path: string): Promise<Response> =>
    ask(server, "GET", `${id}/history/file?at=${when}&path=${encodeURIComponent(path)}`);

  const earlier = await files(ran - 1);
  assert.deepEqual(
    earlier["files"].map((each: Frame) => [each["path"], each["mode"], each["size_bytes"]]),
    [
      ["bytes", "100644", 300],
      ["gone/file", "100644", 6],
      ["link", "120000", 4],
      ["text", "100644", 5],
      ["tool", "100644", 10],
    ],
  );
  assert.ok(earlier["after"] < ran);
  const now = await files(log.length - 1);
  assert.deepEqual(
    now["files"].map((each: Frame) => each["path"]),
    ["bytes", "link", "new\n\u202Efile", "text", "tool"],
  );
  assert.equal(await (await file(ran - 1, "gone/file")).text(), "gone\r\n");
  assert.equal(await (await file(ran - 1, "text")).text(), "text\n");
  assert.equal(await (await file(log.length - 1, "text")).text(), "changed\nmore\n");
  assert.equal(await (await file(log.length - 1, "new\n\u202Efile")).text(), "new\n");
  assert.equal(await (await file(ran - 1, "link")).text(), "text");
  const bytes = await file(ran - 1, "bytes");
  assert.equal(bytes.headers.get("content-type"), "application/octet-stream");
  assert.deepEqual(new Uint8Array(await bytes.arrayBuffer())[257], 1);
  for (const path of ["../text", "/etc/passwd", "gone", "link/x", ".git/config", "*", "text\0", "--help"]) {
    const answer = await file(ran - 1, path);
    assert.ok([400, 404].includes(answer.status), `${JSON.stringify(path)}: ${answer.status}`);
  }
  assert.equal((await ask(server, "GET", `${id}/history/files?at=0`)).status, 404);
});

test("[V9] a restore brings back files that commands changed or deleted, byte for byte, and can be undone", async () => {
  const id = "ruin";
  const at = await folder(id);
  const bytes = Uint8Array.from({ length: 5000 }, (_, index) => (index * 7) % 256);
  await mkdir(at("gone"));
  writeFileSync(at("gone", "file"), "gone\r\n");
  writeFileSync(at("text"), "text\n");
  writeFileSync(at("bytes"), bytes);
  writeFileSync(at("tool"), "#!/bin/sh\n");
  chmodSync(at("tool"), 0o755);
  symlinkSync("text", at("link"));
  await work(id, "ruin");
  const log = await logOf(id);
  const ran = idOf(log, (event) => event["observation"] === "run");

  const preview = await json(ask(server, "GET", `${id}/restore?at=${ran - 1}`));
  assert.deepEqual(
    preview["files"].map((file: Frame) => [file["status"], file["path"]]),
    [
      ["modified", "bytes"],
      ["added", "gone/file"],
      ["modified", "link"],
      ["deleted", "new\n\u202Efile"],
      ["modified", "text"],
      ["modified", "tool"],
    ],
  );
  assert.deepEqual(preview["changed_since"], []);
  assert.equal(existsSync(at("gone")), false, "the preview changes nothing");

  const answer = await ask(server, "POST", `${id}/restore`, { at: ran - 1 });
  assert.equal(answer.status, 200, await answer.clone().text());
  const restored = (await answer.json()) as Frame;
  assert.deepEqual([restored["observation"], restored["extras"].changed_files], ["restore", 6]);
  assert.deepEqual(
    [readFileSync(at("gone", "file"), "utf8"), readFileSync(at("text"), "utf8")],
    ["gone\r\n", "text\n"],
  );
  assert.deepEqual(new Uint8Array(readFileSync(at("bytes"))), bytes);
  assert.equal(lstatSync(at("tool")).mode & 0o111, 0o111);
  assert.equal(readlinkSync(at("link")), "text");
  assert.equal(existsSync(at("new\n\u202Efile")), false);

  await rested(id);
  assert.equal((await ask(server, "POST", `${id}/restore`, { at: ran })).status, 200);
  assert.equal(readFileSync(at("text"), "utf8"), "changed\n", "after the first command, before the second");
  await rested(id);
  const undo = await ask(server, "POST", `${id}/restore`, { at: restored["cause"] });
  assert.equal(undo.status, 200, await undo.clone().text());
  assert.equal(readFileSync(at("text"), "utf8"), "changed\nmore\n", "the state before the first restore");

  // The agent is informed.
  using socket = await begin(id, "look");
  await socket.state("awaiting_user_input");
  const contents = (await model.requests())
    .flatMap(({ body }) => body.messages)
    .map(({ content }) => JSON.stringify(content));
  assert.ok(contents.some((text) => text.includes(`The workspace is what it was at event ${ran}`)));
});

test("[V10] files that a person changed since are listed and left alone unless forced", async () => {
  const id = "person";
  const at = await folder(id);
  await work(id, "first task");
  const ran = idOf(await logOf(id), (event) => event["observation"] === "run");
  writeFileSync(at("a"), "mine\n");
  writeFileSync(at("mine"), "mine\n");
  await work(id, "go on");
  assert.deepEqual([readFileSync(at("a"), "utf8"), readFileSync(at("b"), "utf8")], ["2\n", "agent\n"]);
  writeFileSync(at("c"), "mine, just now\n");

  const { changed_since } = await json(ask(server, "GET", `${id}/restore?at=${ran}`));
  assert.deepEqual(changed_since, ["a", "c", "mine"]);
  const refused = await ask(server, "POST", `${id}/restore`, { at: ran });
  assert.equal(refused.status, 409);
  const { error } = (await refused.json()) as Frame;
  assert.equal(error["code"], "changed_since");
  assert.match(error["message"], /outside the agent's turns: a, c, mine\b.*force/);
  assert.equal(readFileSync(at("a"), "utf8"), "2\n");

  // Undoing only the agent's changes needs no force: the state at the start of its second turn.
  const second = idOf((await logOf(id)).slice(ran + 1), (event) => event["observation"] === "chat");
  assert.deepEqual((await json(ask(server, "GET", `${id}/restore?at=${second + 1}`)))["changed_since"], ["c"]);
  rmSync(at("c"));
  const answer = await ask(server, "POST", `${id}/restore`, { at: second + 1 });
  assert.equal(answer.status, 200, await answer.clone().text());
  assert.deepEqual(
    [readFileSync(at("a"), "utf8"), existsSync(at("b")), readFileSync(at("mine"), "utf8")],
    ["mine\n", false, "mine\n"],
  );

  await rested(id);
  assert.equal((await ask(server, "POST", `${id}/restore`, { at: ran, force: true })).status, 200);
  assert.deepEqual([readFileSync(at("a"), "utf8"), existsSync(at("mine"))], ["1\n", false]);
});

test("[V11] after kill -9 during a command, the workspace can be restored to states before and after it", async () => {
  const home = mkdtempSync(join(tmpdir(), "deckhand-past-"));
  roots.push(home);
  const first = await start({ home });
  const at = await folder("killed", first);
  writeFileSync(at("killed"), "0\n");
  using socket = await begin("killed", "killed task", first);
  await until(async () => existsSync(at("begun")), 20_000);
  assert.ok(socket.isOpen);
  await first.end("SIGKILL");
  await using second = await start({ home });
  await rested("killed", second);
  const log = await logOf("killed", second);
  const [one = -1, two = -1] = log.filter((event) => event["action"] === "run").map((event) => event["id"] as number);
  const answer = await ask(second, "POST", "killed/restore", { at: two });
  assert.equal(answer.status, 200, await answer.clone().text());
  assert.deepEqual([readFileSync(at("killed"), "utf8"), existsSync(at("begun"))], ["1\n", false]);
  await rested("killed", second);
  assert.equal((await ask(second, "POST", "killed/restore", { at: one })).status, 200);
  assert.equal(readFileSync(at("killed"), "utf8"), "0\n");
});

test("[V12] nothing is restored while an agent works in the folder, even for another conversation", async () => {
  const at = await folder("works");
  await work("works", "first task");
  const ran = idOf(await logOf("works"), (event) => event["observation"] === "run");
  using other = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  other.send({ action: "initialize", args: { directory: at() }, conversation: "other" });
  other.send({ action: "message", args: { content: "long task" }, conversation: "other" });
  other.send({ subscribe: { conversation: "other" } });
  await until(async () => existsSync(at("working")), 20_000);
  const refused = await ask(server, "POST", "works/restore", { at: ran, force: true });
  assert.deepEqual([refused.status, ((await refused.json()) as Frame)["error"].code], [409, "busy"]);
  const own = await ask(server, "POST", "other/restore", { at: 3 });
  assert.deepEqual([own.status, ((await own.json()) as Frame)["error"].code], [409, "busy"]);
  other.send({ action: "change_agent_state", args: { agent_state: "stopped" }, conversation: "other" });
  await other.state("stopped");
  // To this conversation, changes by the other one are external.
  const { changed_since } = await json(ask(server, "GET", `works/restore?at=${ran}`));
  assert.deepEqual(changed_since, ["working"]);
  assert.equal((await ask(server, "POST", "works/restore", { at: ran, force: true })).status, 200);
  assert.equal(existsSync(at("working")), false);
});

test("[V13] a fork keeps its source's history even after the source is deleted; an import has none", async () => {
  const at = await folder("source");
  await work("source", "first task");
  await work("source", "go on");
  const log = await logOf("source");
  const ran = idOf(log, (event) => event["observation"] === "run");
  const fork = await json(ask(server, "POST", "source/fork", { at: log.length - 1 }));
  const exported = await (await ask(server, "GET", "source/export")).text();
  assert.equal((await ask(server, "DELETE", "source")).status, 204);
  // Without settings, so that the import adds no note about ignoring them.
  const [head = "", ...lines] = exported.trim().split("\n");
  const plainLines = lines.map((line) => JSON.stringify({ ...(JSON.parse(line) as Frame), ...noSettings(line) }));
  const imported = (await (
    await fetch(`${server.url}/api/conversations/import`, {
      method: "POST",
      body: [head, ...plainLines, ""].join("\n"),
      headers: { "content-type": "application/x-ndjson" },
    })
  ).json()) as Frame;
  const none = await ask(server, "GET", `${imported["id"]}/diff`);
  assert.deepEqual([none.status, ((await none.json()) as Frame)["error"].code], [404, "no_checkpoint"]);
  assert.equal(readFileSync(at("a"), "utf8"), "2\n");
  const answer = await ask(server, "POST", `${fork["id"]}/restore`, { at: ran });
  assert.equal(answer.status, 200, await answer.clone().text());
  assert.equal(readFileSync(at("a"), "utf8"), "1\n");
});

test("[V14] GET diff returns the changes since the conversation started, or between two events", async () => {
  const id = "diffs";
  const at = await folder(id);
  writeFileSync(at("a"), "0\n");
  writeFileSync(at(".gitignore"), "out/\n");
  await mkdir(at("out"));
  writeFileSync(at("out", "x"), "x");
  assert.equal((await ask(server, "GET", `${id}/diff`)).status, 404);
  await work(id, "first task");
  await work(id, "go on");
  writeFileSync(at("mine"), "mine\n");
  const log = await logOf(id);
  const ran = idOf(log, (event) => event["observation"] === "run");
  const summary = (diff: Frame) =>
    diff["files"].map((file: Frame) => [file["status"], file["path"], file["added_lines"], file["deleted_lines"]]);
  const since = await json(ask(server, "GET", `${id}/diff`));
  assert.deepEqual(summary(since), [
    ["modified", "a", 1, 1],
    ["added", "b", 1, 0],
    ["added", "mine", 1, 0],
  ]);
  assert.deepEqual(
    [since["to"], since["truncated"], since["excluded"]],
    [null, false, { ignored: 1, large: 0, unreadable: 0 }],
  );
  assert.match(since["files"][0].patch, /\n-0\n\+2\n$/);
  const first = await json(ask(server, "GET", `${id}/diff?to=${ran}`));
  assert.deepEqual(summary(first), [["modified", "a", 1, 1]]);
  assert.deepEqual(summary(await json(ask(server, "GET", `${id}/diff?from=${ran}&to=now`))).length, 3);
  assert.equal((await ask(server, "GET", `${id}/diff?from=x`)).status, 400);
});

test("[V17] deckhand diff and restore show changes, preview them, and apply them", async () => {
  const id = "typed";
  const at = await folder(id);
  writeFileSync(at("a"), "0\n");
  await work(id, "first task");
  await work(id, "go on");
  const ran = idOf(await logOf(id), (event) => event["observation"] === "run");
  writeFileSync(at("evil\n\u202Ename"), "\u001B[31mred\n");
  const cli = async (...args: string[]) => {
    const [command = "", ...rest] = args;
    const ended = new CliProcess([command, "--url", server.url, ...rest]);
    return { code: await ended.end(), out: ended.stdout, err: ended.stderr };
  };
  const diff = await cli("diff", id);
  assert.equal(diff.code, 0, diff.err);
  assert.match(diff.out, /^diff --git a\/a b\/a\n[\s\S]*\n-0\n\+2\n[\s\S]*\n\+⟨U\+001B⟩\[31mred\n$/);
  assert.equal((await cli("diff", "--stat", id)).out, "M a\nA b\nA evil⟨U+000A⟩⟨U+202E⟩name\n");
  const preview = await cli("restore", "--preview", id, String(ran));
  assert.equal(preview.out, "M a\nD b\nD evil⟨U+000A⟩⟨U+202E⟩name  (changed outside the agent's turns)\n");
  const refused = await cli("restore", id, String(ran));
  assert.equal(refused.code, 1);
  assert.match(refused.err, /evil⟨U\+000A⟩⟨U\+202E⟩name.*\(changed_since\)/);
  const forced = await cli("restore", "--force", id, String(ran));
  assert.equal(forced.code, 0, forced.err);
  assert.equal(readFileSync(at("a"), "utf8"), "1\n");
  await rested(id);
  const undo = /deckhand restore typed (\d+)/.exec(forced.out)?.[1] ?? "";
  assert.equal((await cli("restore", id, undo)).code, 0);
  assert.equal(readFileSync(at("a"), "utf8"), "2\n");
  assert.equal((await cli("restore", id, "x")).code, 2);
});

test("[V9] a restore sent twice over a socket runs once and is answered by one observation", async () => {
  const id = "socket";
  const at = await folder(id);
  await work(id, "first task");
  const ran = idOf(await logOf(id), (event) => event["action"] === "run");
  using socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  socket.send({ subscribe: { conversation: id } });
  const frame = { action: "restore", args: { at: ran }, conversation: id, command: "once" };
  socket.send(frame);
  await socket.next((event) => event["observation"] === "restore");
  socket.send(frame);
  socket.send({ ...frame, args: { at: 0 } });
  const acks = () => socket.frames.filter((event) => "ack" in event || event["type"] === "ack").length;
  await until(async () => acks() >= 2, 20_000);
  assert.equal(existsSync(at("a")), false);
  const log = await logOf(id);
  assert.equal(log.filter((event) => event["action"] === "restore").length, 1);
  assert.equal(log.filter((event) => event["observation"] === "restore").length, 1);
});

test("[V15] a failed checkpoint is reported once, and the agent continues", async () => {
  const tools = mkdtempSync(join(tmpdir(), "deckhand-no-git-"));
  roots.push(tools);
  // A failing git comes first on PATH.
  writeFileSync(join(tools, "git"), "#!/bin/sh\necho 'no git today' >&2\nexit 3\n", { mode: 0o755 });
  await using own = await start({ env: { DECKHAND_USER_PATH: `${tools}:${process.env["PATH"]}` } });
  await folder("failing", own);
  using socket = await begin("failing", "no git task", own);
  await socket.state("finished");
  const log = await logOf("failing", own);
  const statuses = log.filter((event) => event["observation"] === "status");
  assert.equal(statuses.length, 1);
  assert.match(statuses[0]?.["content"], /No checkpoint of the workspace was taken.*no git today/);
  assert.equal((await ask(own, "GET", "failing/diff")).status, 404);
});

test("[V15] with DECKHAND_CHECKPOINTS=false nothing is stored, and requests say so", async () => {
  await using own = await start({ env: { DECKHAND_CHECKPOINTS: "false" } });
  await folder("off", own);
  using socket = await begin("off", "no git task", own);
  await socket.state("finished");
  const answer = await json(ask(own, "GET", "off/diff"));
  assert.match(answer["error"].message, /DECKHAND_CHECKPOINTS/);
  assert.equal(existsSync(join(own.home, "checkpoints")), false);
});
