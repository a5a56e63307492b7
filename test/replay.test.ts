/** `deckhand replay`: a recorded conversation runs again and differs only where something has changed. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CliProcess } from "./kit/cli-process.ts";
import { ModelProcess } from "./kit/model-process.ts";
import { processesWith, until } from "./kit/processes.ts";
import { RawSocket, type Frame } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

const run = (command: string) => ({ name: "run", arguments: { command } });
const finish = { calls: [{ name: "finish", arguments: { thought: "Done." } }] };
const marked = join(tmpdir(), `deckhand-replay-outside-${process.pid}`);

const page = createServer((_, response) => response.end("<p>As it was then.</p>"));

let folder: string;
let model: ModelProcess;
let server: ServerProcess;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "deckhand-replays-"));
  await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
  model = await ModelProcess.start([], {
    conversations: [
      {
        when: "plain",
        replies: [
          { text: "I look.", calls: [run("cat start; pwd; date +%s%N > stamp"), run("ls missing"), { name: "fly" }] },
          { calls: [{ name: "write", arguments: { path: "b", content: "b\n" } }, run("cat b")] },
          finish,
        ],
      },
      {
        when: "approvals",
        replies: [
          { calls: [run("echo 1 >> lines")] },
          { calls: [run("echo 2 >> lines")] },
          { calls: [run("echo 3 >> lines")] },
          { calls: [run("cat lines")] },
          finish,
        ],
      },
      {
        when: "stops",
        replies: [
          { calls: [run("echo 1 >> lines; sleep 601")] },
          { status: 400 },
          { calls: [run("echo 2 >> lines"), run("sleep 0.3; echo 3 >> lines"), run("cat lines")] },
          { text: "And now?" },
          finish,
        ],
      },
      {
        when: "crash",
        replies: [{ calls: [run(`echo 1 >> lines; sleep ${602_000 + process.pid}`), run("echo 2")] }, finish],
      },
      { when: "outside", replies: [{ calls: [run(`echo here; echo x > ${marked}`)] }, finish] },
      {
        when: "browse",
        replies: [
          {
            calls: [
              { name: "browse", arguments: { url: `http://127.0.0.1:${(page.address() as AddressInfo).port}/` } },
            ],
          },
          finish,
        ],
      },
    ],
  });
  server = await begin();
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
  page.close();
  await rm(folder, { recursive: true, force: true });
  await rm(marked, { force: true });
});

function begin(more: { home?: string } = {}): Promise<ServerProcess> {
  const allowed = `127.0.0.1:${(page.address() as AddressInfo).port}`;
  return ServerProcess.start({
    ...more,
    env: { ...model.env, LLM_NUM_RETRIES: "0", DECKHAND_APPROVAL: "never", DECKHAND_BROWSE_ALLOW: allowed },
  });
}

/** A conversation in its own folder, with a socket to send and wait. */
async function talk(conversation: string, settings: object = {}): Promise<RawSocket & Talk> {
  const directory = join(server.workspace, conversation);
  await mkdir(directory, { recursive: true });
  const socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  const say = (action: string, args: object): void => socket.send({ action, args, conversation });
  say("initialize", { directory, ...settings });
  await socket.next((frame) => "ack" in frame);
  socket.send({ subscribe: { conversation } });
  return Object.assign(socket, { say });
}

interface Talk {
  readonly say: (action: string, args: object) => void;
}

async function exported(conversation: string): Promise<string> {
  const file = join(folder, `${conversation}.jsonl`);
  const response = await fetch(`${server.url}/api/conversations/${conversation}/export`);
  await writeFile(file, await response.text());
  return file;
}

interface Replayed {
  readonly code: number | null;
  readonly same: boolean;
  readonly differences: readonly Frame[];
}

/** Everything in the environment that could mislead it. */
async function replayed(file: string, ...args: readonly string[]): Promise<Replayed> {
  const cli = new CliProcess(["replay", "--json", ...args, file], {
    env: { ...model.env, DECKHAND_RUNTIME: "host", DECKHAND_APPROVAL: "risky", DECKHAND_HOME: join(folder, "unused") },
  });
  const code = await cli.end();
  assert.equal(cli.stderr, "");
  return { code, ...(JSON.parse(cli.stdout) as Omit<Replayed, "code">) };
}

const same = { code: 0, same: true, differences: [] };
const compared = ({ code, same: isSame, differences }: Replayed) => ({ code, same: isSame, differences });

test("[J16] a replay in the same folder gives the same results, from the server and from a file; a changed file is where it differs", async () => {
  const start = join(folder, "start");
  await mkdir(start);
  await writeFile(join(start, "start"), "begun\n");
  await mkdir(join(server.workspace, "plain"), { recursive: true });
  await writeFile(join(server.workspace, "plain", "start"), "begun\n");
  using socket = await talk("plain");
  socket.say("start", { task: "plain" });
  await socket.state("finished");

  const stored = new CliProcess(["replay", "--url", server.url, "--workspace", start, "plain"]);
  assert.equal(await stored.end(), 0, stored.stdout + stored.stderr);
  assert.match(stored.stdout, /^No differences in \d+ events\.\n$/);
  const file = await exported("plain");
  assert.deepEqual(compared(await replayed(file, "--workspace", start)), same);
  assert.equal(await readFile(join(start, "start"), "utf8"), "begun\n");
  assert.ok(!existsSync(join(start, "b")), "the folder itself is unchanged");

  await writeFile(join(start, "start"), "changed\n");
  const changed = new CliProcess(["replay", "--workspace", start, file]);
  assert.equal(await changed.end(), 1, changed.stderr);
  const log = (await readFile(file, "utf8")).split("\n").slice(1, -1);
  const at = log.findIndex((line) => line.includes('"observation":"run"'));
  assert.ok(changed.stdout.startsWith(`First difference at event ${at} (→run).\n`), changed.stdout);
  assert.match(changed.stdout, /\nevent +what +was +is\n\d+ +→run content +begun\\n.* +changed\\n.*\n$/);
});

test("[J17] approvals are replayed: allowed, denied, and not answered in time", async () => {
  using socket = await talk("approvals", { approval: "always", approval_seconds: 4 });
  socket.say("start", { task: "approvals" });
  const asks = (n: string): Promise<Frame> =>
    socket.next((frame) => frame["approval"] !== undefined && frame["args"].command.includes(n));
  socket.say("approve", { id: (await asks("1"))["id"], decision: "allow" });
  socket.say("approve", { id: (await asks("2"))["id"], decision: "deny", reason: "not this" });
  await asks("3");
  socket.say("approve", { id: (await asks("cat"))["id"], decision: "allow" });
  await socket.state("finished");
  assert.ok(socket.frames.some((frame) => frame["action"] === "approve" && frame["source"] === "environment"));
  assert.deepEqual(compared(await replayed(await exported("approvals"))), same);
});

test("[J18] a stop, a model failure, a batch, a message and a command of the user, and a pause are replayed", async () => {
  using socket = await talk("stops");
  socket.say("start", { task: "stops" });
  await until(() => existsSync(join(server.workspace, "stops", "lines")));
  socket.say("change_agent_state", { agent_state: "stopped" });
  await socket.next((frame) => frame["cause"] !== undefined && /sleep 601/.test(JSON.stringify(frame)));
  socket.say("message", { content: "go on" });
  await socket.state("error");
  const from = socket.frames.length;
  socket.say("message", { content: "again" });
  await socket.next((frame) => frame["action"] === "run" && frame["args"].command.includes("echo 3"), { from });
  socket.say("message", { content: "one more thing" });
  socket.say("run", { command: "echo mine" });
  socket.say("change_agent_state", { agent_state: "paused" });
  await socket.state("paused", from);
  await socket.next((frame) => frame["observation"] === "run" && /mine/.test(frame["content"] as string), { from });
  socket.say("change_agent_state", { agent_state: "running" });
  await socket.next((frame) => frame["extras"]?.agent_state === "awaiting_user_input", { from });
  socket.say("message", { content: "that is all" });
  await socket.state("finished", from);
  assert.deepEqual(compared(await replayed(await exported("stops"))), same);
});

test("[J19] a crash is replayed: the interrupted action is interrupted again, and the next server recovers", async () => {
  const socket = await talk("crash");
  socket.say("start", { task: "crash" });
  const sleeps = `sleep\0${602_000 + process.pid}`;
  await until(async () => (await processesWith(sleeps)).length > 0);
  const { home } = server;
  await server.end("SIGKILL");
  await socket.closed;
  server = await begin({ home });
  using again = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  again.send({ action: "message", args: { content: "go on" }, conversation: "crash" });
  again.send({ subscribe: { conversation: "crash" } });
  await again.state("finished");
  const file = await exported("crash");
  assert.match(await readFile(file, "utf8"), /outcome_unknown/);
  assert.deepEqual(compared(await replayed(file)), same);
  assert.deepEqual(await processesWith(sleeps), []);
});

test("[J20] a replay calls no model, runs nothing outside the sandbox, and does not reach the network", async () => {
  using socket = await talk("outside");
  socket.say("start", { task: "outside" });
  await socket.state("finished");
  using browsing = await talk("browse");
  browsing.say("start", { task: "browse" });
  await browsing.state("finished");
  assert.ok(browsing.frames.some((frame) => /As it was then/.test(JSON.stringify(frame))));
  await rm(marked, { force: true });
  page.close();
  page.closeAllConnections();
  const asked = (await model.requests()).length;
  assert.deepEqual(compared(await replayed(await exported("outside"))), same);
  assert.deepEqual(compared(await replayed(await exported("browse"))), same);
  assert.ok(!existsSync(marked), "it has its own /tmp");
  assert.equal((await model.requests()).length, asked);
});

test("[J21] an invalid log, an unknown conversation and a missing folder are reported with what to do", async () => {
  const bad = join(folder, "bad.jsonl");
  await writeFile(bad, '{"deckhand_export":1}\n{"id":7}\n');
  for (const [args, code, says] of [
    [["replay", bad], 1, "Line 2 is not part of an export"],
    [["replay", "--url", server.url, "nobody"], 1, "Conversation not found"],
    [["replay"], 2, "takes the ID"],
    [["replay", "--workspace", join(folder, "nowhere"), bad], 2, "Folder not found"],
  ] as const) {
    const cli = new CliProcess(args);
    assert.equal(await cli.end(), code, cli.stderr);
    assert.ok(cli.stderr.includes(says), cli.stderr);
  }
});
