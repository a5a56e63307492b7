/** Terminals shared by people, over real sockets, in the real sandbox. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { WebSocket } from "ws";
import { ModelProcess } from "./kit/model-process.ts";
import { processesWith, until } from "./kit/processes.ts";
import { RawSocket, type Frame } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

/** A number of seconds that no other process on this machine sleeps. */
const seconds = (n: number): number => 41_700_000 + process.pid * 20 + n;
const sleeps = async (n: number): Promise<number> => (await processesWith(`sleep\0${seconds(n)}`)).length;

let model: ModelProcess;
let server: ServerProcess;
before(async () => {
  model = await ModelProcess.start([], {
    conversations: [
      { when: "wait", replies: [{ calls: [{ name: "run", arguments: { command: `sleep ${seconds(9)}` } }] }] },
      { when: "say", replies: [{ text: "Said." }] },
      {
        when: "together",
        replies: [
          {
            calls: [{ name: "run", arguments: { command: "while ! [ -e typed ]; do sleep 0.1; done; echo x >agent" } }],
          },
          { text: "Back." },
          { calls: [{ name: "run", arguments: { command: "echo y >agent" } }] },
          { text: "Back again." },
        ],
      },
    ],
  });
  server = await ServerProcess.start({ env: model.env });
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
});

const json = { "Content-Type": "application/json" };
const api = (conversation: string, rest = ""): string =>
  `${server.url}/api/conversations/${conversation}/terminals${rest}`;

async function make(conversation: string): Promise<RawSocket> {
  const log = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  log.send({ action: "initialize", args: { workspace: {} }, conversation });
  await log.next((frame) => frame["ack"] !== undefined);
  log.send({ subscribe: { conversation } });
  return log;
}

async function openTerminal(conversation: string): Promise<string> {
  const answer = await fetch(api(conversation), {
    method: "POST",
    headers: json,
    body: JSON.stringify({ rows: 24, cols: 80 }),
  });
  assert.equal(answer.status, 201, await answer.clone().text());
  return ((await answer.json()) as { id: string }).id;
}

const watch = (conversation: string, id: string): Promise<RawSocket> =>
  RawSocket.open(api(conversation, `/${id}`).replace("http", "ws"));

/** Everything that a watcher received since the last screen, including it. */
function drawn({ frames }: RawSocket): string {
  let text = "";
  for (const frame of frames) {
    if (frame["screen"] !== undefined) text = frame["screen"].data;
    else text += frame["output"] ?? "";
  }
  return text;
}

const shows = (socket: RawSocket, what: RegExp): Promise<Frame> => socket.next(() => what.test(drawn(socket)));

test("[UW1] all watchers, including later ones, see what one types; the log records only that the terminal was opened", async () => {
  using log = await make("shared");
  const id = await openTerminal("shared");
  const opened = await log.next((frame) => frame["observation"] === "terminal");
  assert.deepEqual(opened["extras"].terminal, { id, state: "open" });
  using ann = await watch("shared", id);
  await ann.next((frame) => frame["screen"] !== undefined);
  using ben = await watch("shared", id);
  await ann.next((frame) => frame["watchers"] === 2);
  ann.send({ input: "pwd; echo $((6 * 7))-is; cat -v\r" });
  await shows(ben, /\/\S+\r\n42-is\r\n/);
  ben.send({ input: "Zoë\u0001\r" });
  await shows(ann, /Zo(M-CM-\+|ë)\^A/);
  ben.send({ input: "\u0003" });
  // What is typed before the prompt is back may be discarded with the interrupted program.
  await shows(ann, /\^C[^]*\$ /);
  using cleo = await watch("shared", id);
  const { screen } = await cleo.next((frame) => frame["screen"] !== undefined);
  assert.match(screen.data, /42-is/);
  assert.deepEqual([screen.rows, screen.cols], [24, 80]);
  ann.send({ input: "exit 3\r" });
  for (const each of [ann, ben, cleo]) {
    assert.deepEqual((await each.next((frame) => frame["ended"] !== undefined))["ended"], { exit_code: 3 });
    assert.equal(await each.closed, 1000);
  }
  const closed = await log.next((frame) => frame["extras"]?.terminal?.state === "closed");
  assert.deepEqual(closed["extras"].terminal, { id, state: "closed", exit_code: 3 });
  assert.equal(log.frames.filter((frame) => JSON.stringify(frame).includes("42-is")).length, 0);
  await assert.rejects(watch("shared", id), /404/);

  log.send({ action: "message", args: { content: "say" }, conversation: "shared" });
  await log.state("awaiting_user_input");
  const messages = (await model.requests()).at(-1)?.body.messages.slice(1);
  assert.doesNotMatch(JSON.stringify(messages), /terminal|42-is/);
});

test("[UW2] a terminal works during commands and survives a stop; once closed or deleted, no process remains", async () => {
  using log = await make("apart");
  log.send({ action: "message", args: { content: "wait" }, conversation: "apart" });
  await until(async () => (await sleeps(9)) === 1);
  const id = await openTerminal("apart");
  using socket = await watch("apart", id);
  socket.send({ input: `sleep ${seconds(1)} & cat\r` });
  await until(async () => (await sleeps(1)) === 1);
  log.send({ action: "change_agent_state", args: { agent_state: "stopped" }, conversation: "apart" });
  await log.state("stopped");
  await until(async () => (await sleeps(9)) === 0);
  assert.equal(await sleeps(1), 1);
  assert.equal((await fetch(api("apart", `/${id}`), { method: "DELETE" })).status, 204);
  assert.equal(await sleeps(1), 0);
  assert.equal(await socket.closed, 1000);
  assert.equal((await fetch(api("apart", `/${id}`), { method: "DELETE" })).status, 404);

  using other = await watch("apart", await openTerminal("apart"));
  other.send({ input: `sleep ${seconds(2)} & disown; setsid sleep ${seconds(2)}\r` });
  await until(async () => (await sleeps(2)) === 2);
  await fetch(`${server.url}/api/conversations/apart`, { method: "DELETE" });
  assert.equal(await sleeps(2), 0);
});

test("[UW3] a slow reader gets the current screen rather than all output", async () => {
  using _ = await make("slow");
  const id = await openTerminal("slow");
  using quick = await watch("slow", id);
  const slow = new WebSocket(api("slow", `/${id}`).replace("http", "ws"));
  await once(slow, "open");
  slow.pause();
  let got = "";
  let bytes = 0;
  slow.on("message", (data: Buffer) => {
    bytes += data.length;
    const { screen, output = "" } = JSON.parse(data.toString()) as Frame;
    got = screen === undefined ? got + output : screen.data;
  });
  quick.send({ input: "seq 3000000; echo over$((1 + 1))\r" });
  await quick.next(() => /over2/.test(drawn(quick)), { withinMs: 60_000 });
  slow.resume();
  await until(async () => /2999999\r\n3000000\r\nover2/.test(got));
  assert.ok(bytes < 12_000_000, `${bytes} bytes of 25 million`);
  slow.terminate();
});

test("[UW4] the terminal takes the size of the client that typed last, and programs are notified", async () => {
  using _ = await make("sizes");
  const id = await openTerminal("sizes");
  using wide = await watch("sizes", id);
  using narrow = await watch("sizes", id);
  wide.send({ size: { rows: 30, cols: 120 } });
  await narrow.next((frame) => frame["size"]?.cols === 120);
  narrow.send({ size: { rows: 10, cols: 40 } });
  narrow.send({ input: "while sleep 0.1; do stty size; done\r" });
  await shows(wide, /\n10 40\r\n/);
  wide.send({ input: "\r" });
  await shows(narrow, /\n30 120\r\n/);
  // Watching changes nothing. When the last one to type leaves, the size of a remaining watcher applies.
  narrow.send({ size: { rows: 11, cols: 41 } });
  wide.close();
  await shows(narrow, /\n11 41\r\n/);
});

test("[UW5] invalid frames, sizes and terminals are refused, and the number of open terminals is limited", async () => {
  using _ = await make("many");
  const ids = await Promise.all(Array.from({ length: 8 }, () => openTerminal("many")));
  assert.equal(new Set(ids).size, 8);
  const more = await fetch(api("many"), { method: "POST", headers: json, body: '{"rows":24,"cols":80}' });
  assert.equal(more.status, 409);
  const none = await fetch(api("many"), { method: "POST", headers: json, body: '{"rows":0,"cols":80}' });
  assert.equal(none.status, 400);
  assert.equal((await fetch(api("nobody"), { method: "POST", headers: json, body: "{}" })).status, 400);
  await assert.rejects(watch("nobody", "t1"), /404/);
  await assert.rejects(
    RawSocket.open(api("many", `/${ids[0]}`).replace("http", "ws"), [], { origin: "http://evil.example" }),
    /403/,
  );
  using socket = await watch("many", ids[0] ?? "");
  for (const bad of ["no json", "{}", { input: "" }, { input: "x".repeat(70_000) }, { size: { rows: 1 } }]) {
    const from = socket.frames.length;
    socket.send(bad);
    await socket.next((frame) => frame["refused"] !== undefined, { from });
  }
  const { terminals } = (await (await fetch(api("many"))).json()) as { terminals: { id: string }[] };
  assert.deepEqual(terminals.map((each) => each.id).toSorted(), ids.toSorted());
});

test("[UW6] a stopped or killed server leaves no terminal process, and the log records that the terminal closed", async () => {
  const home = await ServerProcess.start({ env: model.env });
  let own = home;
  try {
    const log = await RawSocket.open(own.wsUrl, ["deckhand.v1"]);
    log.send({ action: "initialize", args: { workspace: {} }, conversation: "c" });
    await log.next((frame) => frame["ack"] !== undefined);
    for (const [signal, n] of [
      ["SIGTERM", 3],
      ["SIGKILL", 4],
    ] as const) {
      const url = `${own.url}/api/conversations/c/terminals`;
      const made = await fetch(url, { method: "POST", headers: json, body: '{"rows":24,"cols":80}' });
      const { id } = (await made.json()) as { id: string };
      using socket = await RawSocket.open(`${url.replace("http", "ws")}/${id}`);
      socket.send({ input: `sleep ${seconds(n)}\r` });
      await until(async () => (await sleeps(n)) === 1);
      await own.end(signal);
      await until(async () => (await sleeps(n)) === 0);
      own = await ServerProcess.start({ home: home.home, env: model.env });
      using again = await RawSocket.open(own.wsUrl, ["deckhand.v1"]);
      again.send({ subscribe: { conversation: "c" } });
      const gone = await again.next(
        (frame) => frame["extras"]?.terminal?.state === "closed" && frame["extras"].terminal.id === id,
      );
      assert.match(gone["content"], /is gone/);
    }
    log.close();
  } finally {
    if (own !== home) await own[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  }
});

test("[UW13] changes made while a person uses a terminal count as made outside the agent's turns", async () => {
  await using own = await ServerProcess.start({ env: { ...model.env, DECKHAND_CHECKPOINTS: "true" } });
  using log = await RawSocket.open(own.wsUrl, ["deckhand.v1"]);
  const on = { conversation: "together" };
  log.send({ action: "initialize", args: { workspace: {} }, ...on });
  log.send({ subscribe: on });
  await log.next((frame) => frame["caught_up"] !== undefined);
  const url = `${own.url}/api/conversations/together/terminals`;
  const made = await fetch(url, { method: "POST", headers: json, body: '{"rows":24,"cols":80}' });
  const { id } = (await made.json()) as { id: string };
  using terminal = await RawSocket.open(`${url.replace("http", "ws")}/${id}`);
  const changes = async (): Promise<boolean> => {
    const from = log.frames.length;
    log.send({ action: "message", args: { content: "together" }, ...on });
    await log.next((frame) => frame["action"] === "run", { from });
    if (terminal.isOpen) terminal.send({ input: "touch typed\r" });
    await log.state("awaiting_user_input", from);
    const ran = log.frames.findLast((frame) => frame["observation"] === "run");
    const place = log.frames.indexOf(ran ?? {});
    const { extras } = await log.next((frame) => frame["observation"] === "checkpoint", { from: place });
    return extras.external as boolean;
  };
  assert.equal(await changes(), true);
  terminal.close();
  await terminal.closed;
  assert.equal(await changes(), false);
});
