/** Work delegated to subagents, over real sockets, with real sandboxes and a server that is killed. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connect } from "@deckhand/client";
import { fold, isAction, type Event } from "@deckhand/protocol";
import { CliProcess } from "./kit/cli-process.ts";
import { ModelProcess, type ScriptReply } from "./kit/model-process.ts";
import { RawSocket, type Frame } from "./kit/raw-socket.ts";
import { processesWith, until } from "./kit/processes.ts";
import { ServerProcess } from "./kit/server-process.ts";

const usage = { input: 1000, output: 100 };
const calls = (...each: readonly (readonly [string, object])[]): ScriptReply =>
  ({ calls: each.map(([name, args]) => ({ name, arguments: args })), usage }) as ScriptReply;
const run = (command: string): ScriptReply => calls(["run", { command }]);
const finish = (args: object = { thought: "Done." }): ScriptReply => calls(["finish", args]);
const delegate = (agent: string, task: string): readonly [string, object] => ["delegate", { agent, task }];

const careful = `---
name: careful
description: Asks before everything.
tools: [run]
approval: always
---

You ask.
`;

/** Steps have a cost, because the price of this model is known. */
const priced = { LLM_MODEL: "gpt-4o", DECKHAND_APPROVAL: "never" };

interface World extends AsyncDisposable {
  readonly home: string;
  readonly model: ModelProcess;
  start(env?: Readonly<Record<string, string>>): Promise<ServerProcess>;
}

/** A model that plays `parent` in the conversation with the task "go", and a child's script where the task contains its key. */
async function world(
  parent: readonly ScriptReply[],
  children: Readonly<Record<string, readonly ScriptReply[]>>,
): Promise<World> {
  const home = await mkdtemp(join(tmpdir(), "deckhand-children-"));
  await mkdir(join(home, "agents"));
  await writeFile(join(home, "agents/careful.md"), careful);
  const model = await ModelProcess.start(parent, {
    conversations: Object.entries(children).map(([when, replies]) => ({ when, replies })),
  });
  return {
    home,
    model,
    start: (env) => ServerProcess.start({ home, env: { ...model.env, ...priced, ...env } }),
    async [Symbol.asyncDispose]() {
      await model[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function go(server: ServerProcess, settings: object = {}): Promise<RawSocket> {
  const socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "initialize", args: settings, conversation: "p" });
  socket.send({ action: "start", args: { task: "go" }, conversation: "p", command: "go" });
  await socket.next((frame) => frame["ack"]?.command === "go");
  socket.send({ subscribe: { conversation: "p" } });
  return socket;
}

async function get(server: ServerProcess, path: string): Promise<Frame> {
  const response = await fetch(`${server.url}/api/${path}`);
  return (await response.json()) as Frame;
}

async function eventsOf(server: ServerProcess, conversation: string): Promise<readonly Event[]> {
  return (await get(server, `conversations/${conversation}/events?limit=1000`))["events"] as Event[];
}

async function childrenOf(server: ServerProcess, parent = "p"): Promise<readonly Frame[]> {
  return (await get(server, `conversations?parent=${parent}`))["conversations"] as Frame[];
}

const sleeping = "sleep\u000077713";
const childReport = (socket: RawSocket, fits: (child: Frame) => boolean): Promise<Frame> =>
  socket.next((frame) => frame["observation"] === "child" && fits(frame["extras"] as Frame));

/** The parent's own state, as opposed to a report about a child. */
const isNow = (socket: RawSocket, state: string, from = 0): Promise<Frame> =>
  socket.next((frame) => frame["observation"] === "agent_state_changed" && frame["extras"].agent_state === state, {
    from,
  });

test("[DG6][DG7][DG9] two subagents work at once in the parent's folder; one asks and is allowed; both results come in order, and their cost counts once", async () => {
  await using all = await world(
    [calls(delegate("explorer", "ALPHA: find it"), delegate("careful", "BETA: do it")), finish()],
    {
      ALPHA: [
        calls(["read", { path: "notes" }]),
        finish({ outputs: { answer: "It is in notes:1" }, thought: "Found." }),
      ],
      BETA: [run("echo beta > beta"), finish({ thought: "Written." })],
    },
  );
  await using server = await all.start();
  await writeFile(join(server.workspace, "notes"), "here\n");
  using socket = await go(server);
  const waits = await childReport(socket, ({ awaiting }) => awaiting !== null);
  assert.equal(waits["extras"].agent, "careful");
  assert.match(waits["extras"].awaiting.message, /echo beta > beta/);
  // The other one continues meanwhile.
  await childReport(socket, ({ agent, agent_state: is }) => agent === "explorer" && is === "finished");

  const beta = waits["extras"].conversation as string;
  const listed = await childrenOf(server);
  assert.deepEqual(
    listed.map(({ parent }) => parent),
    ["p", "p"],
  );
  assert.equal(listed.find(({ id }) => id === beta)?.["agent_state"], "awaiting_user_confirmation");
  assert.equal((await get(server, "conversations?parent="))["conversations"].length, 1);
  // Any client can follow it.
  using watcher = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  watcher.send({ subscribe: { conversation: beta } });
  const asked = await watcher.next((frame) => frame["approval"] !== undefined);
  assert.equal(asked["id"], waits["extras"].awaiting.id);
  watcher.send({ action: "approve", args: { id: asked["id"], decision: "allow" }, conversation: beta });
  await isNow(socket, "finished");
  assert.equal(await readFile(join(server.workspace, "beta"), "utf8"), "beta\n");

  const log = await eventsOf(server, "p");
  const actions = log.filter((event) => isAction(event) && event.action === "delegate").map(({ id }) => id);
  const answers = log.filter((event) => !isAction(event) && event.observation === "delegate") as Frame[];
  assert.deepEqual(
    answers.map(({ cause }) => cause),
    actions,
  );
  assert.deepEqual(
    answers.map(({ extras }) => [extras.agent, extras.agent_state]),
    [
      ["explorer", "finished"],
      ["careful", "finished"],
    ],
  );
  assert.deepEqual(answers[0]?.["extras"].outputs, { answer: "It is in notes:1" });
  const [, second] = (await all.model.requests()).filter(({ body }) => JSON.stringify(body.messages).includes('"go"'));
  const results = second?.body.messages.slice(-2).map(({ content }) => String(content)) ?? [];
  assert.match(results[0] ?? "", /^explorer has finished\. Conversation \S+\.\n\nFound\.\n\nanswer: It is in notes:1$/);
  assert.match(results[1] ?? "", /^careful has finished\..*Written\.$/s);
  // Nothing of the steps in between.
  assert.ok(!JSON.stringify(second).includes("echo beta"));

  const state = fold(log);
  const own = fold(log.filter((event) => isAction(event) || event.observation !== "child")).usage;
  const children = await Promise.all(
    state.children.map(async ({ conversation }) => fold(await eventsOf(server, conversation)).usage),
  );
  const sum = (of: "costUsd" | "steps" | "input"): number =>
    children.reduce((total, used) => total + used[of], own[of]);
  assert.ok(own.costUsd > 0 && children.every(({ costUsd }) => costUsd > 0));
  assert.equal(state.usage.costUsd.toFixed(9), sum("costUsd").toFixed(9));
  assert.deepEqual([state.usage.steps, state.usage.input], [sum("steps"), sum("input")]);
  assert.equal(state.childUsage.costUsd.toFixed(9), (sum("costUsd") - own.costUsd).toFixed(9));
  assert.equal((await get(server, "conversations/p"))["cost_usd"], state.usage.costUsd);
});

test("[DG8] a stop of the parent ends its subagents, whatever they are doing; a pause holds them until it continues", async () => {
  await using all = await world(
    [calls(delegate("tester", "ALPHA: sleep"), delegate("tester", "BETA: wait"), delegate("careful", "GAMMA: ask"))],
    {
      ALPHA: [run("sleep 0.5; echo one >> alpha"), run("echo two >> alpha; sleep 77713"), finish()],
      BETA: [{ hang: true }],
      GAMMA: [run("true")],
    },
  );
  await using server = await all.start();
  using socket = await go(server);
  await childReport(socket, ({ awaiting }) => awaiting !== null);
  const alpha = (await childReport(socket, ({ conversation }) => conversation !== undefined))["extras"]
    .conversation as string;
  using watcher = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  watcher.send({ subscribe: { conversation: alpha } });
  await watcher.next((frame) => frame["action"] === "run");
  const state = (agentState: string): void =>
    socket.send({ action: "change_agent_state", args: { agent_state: agentState }, conversation: "p" });
  state("paused");
  await isNow(watcher, "paused");
  await watcher.next((frame) => frame["observation"] === "run");
  await childReport(socket, ({ conversation, agent_state: is }) => conversation === alpha && is === "paused");
  assert.equal(await readFile(join(server.workspace, "alpha"), "utf8"), "one\n");
  const from = watcher.frames.length;
  state("running");
  await watcher.next((frame) => String(frame["args"]?.command).includes("sleep 77713"), { from });
  await until(async () => (await processesWith(sleeping)).length > 0);

  state("stopped");
  await isNow(socket, "stopped");
  const areStopped = async (): Promise<boolean> =>
    (await childrenOf(server)).every(({ agent_state: is }) => is === "stopped") &&
    (await processesWith(sleeping)).length === 0;
  await until(areStopped);
  const answers = (await eventsOf(server, "p")).filter(
    (event) => !isAction(event) && event.cause !== undefined && event.observation === "error",
  );
  assert.deepEqual(
    answers.map((event) => "extras" in event && "code" in event.extras && event.extras.code),
    ["interrupted", "interrupted", "interrupted"],
  );
});

test("[DG8] deleting the parent deletes its subagents, including those that are working", async () => {
  await using all = await world([calls(delegate("CodeActAgent", "ALPHA: hand it on")), finish()], {
    ALPHA: [calls(delegate("tester", "BETA: work")), finish()],
    BETA: [run("sleep 77713"), finish()],
  });
  await using server = await all.start();
  using socket = await go(server, { workspace: {} });
  await childReport(socket, ({ agent_state: is }) => is === "running");
  await until(async () => (await processesWith(sleeping)).length > 0);
  const [child] = await childrenOf(server);
  const [grandchild] = await childrenOf(server, child?.["id"] as string);
  assert.equal(grandchild?.["parent"], child?.["id"]);
  const signal = AbortSignal.timeout(10_000);
  const deleted = await fetch(`${server.url}/api/conversations/p?discard=true`, { method: "DELETE", signal });
  assert.equal(deleted.status, 204);
  assert.equal((await processesWith(sleeping)).length, 0);
  for (const { id } of [child, grandchild] as Frame[]) {
    assert.equal((await fetch(`${server.url}/api/conversations/${id}`)).status, 404);
  }
  assert.deepEqual((await get(server, "conversations"))["conversations"], []);
});

test("[DG9][DG10] after a kill, parent and subagent are paused, the parent knows its subagent, and costs count once", async () => {
  await using all = await world([calls(delegate("tester", "ALPHA: work")), finish()], {
    ALPHA: [run("echo one"), run("sleep 77713"), finish()],
  });
  const first = await all.start({ DECKHAND_RESUME: "always" });
  using socket = await go(first);
  const spawned = await childReport(socket, () => true);
  const child = spawned["extras"].conversation as string;
  using watcher = await RawSocket.open(first.wsUrl, ["deckhand.v1"]);
  watcher.send({ subscribe: { conversation: child } });
  await watcher.next((frame) => String(frame["args"]?.command) === "sleep 77713");
  await first.end("SIGKILL");

  const costs: number[] = [];
  for (let times = 0; times < 2; times += 1) {
    await using server = await all.start();
    const log = await eventsOf(server, "p");
    const closed = log.filter((event) => !isAction(event) && event.observation === "error");
    assert.equal(closed.length, 1);
    const [answer] = closed as Frame[];
    assert.deepEqual([answer?.["extras"].code, answer?.["cause"]], ["outcome_unknown", spawned["extras"].action]);
    assert.ok(answer?.["content"].includes(child));
    const [state, below] = [fold(log), fold(await eventsOf(server, child))];
    assert.deepEqual([state.agentState, below.agentState], ["paused", "paused"]);
    assert.deepEqual([below.usage.steps, state.usage.steps], [2, 3]);
    const own = log.filter((event) => !isAction(event) && event.observation === "reply");
    assert.equal(state.usage.costUsd.toFixed(9), (fold(own).usage.costUsd + below.usage.costUsd).toFixed(9));
    costs.push(state.usage.costUsd);
    // If it is resumed, its cost counts there, too.
    if (times === 1) {
      using again = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
      again.send({ subscribe: { conversation: "p" } });
      again.send({ action: "message", args: { content: "Finish." }, conversation: child });
      const last = await childReport(again, ({ agent_state: is, steps }) => is === "finished" && steps === 3);
      assert.ok(last["extras"].cost_usd > below.usage.costUsd);
      const total = fold(await eventsOf(server, "p")).usage.costUsd;
      assert.equal(
        (total - state.usage.costUsd).toFixed(9),
        (last["extras"].cost_usd - below.usage.costUsd).toFixed(9),
      );
    }
  }
  assert.equal(costs[0], costs[1]);
});

test("[DG9] a subagent stops at its parent's limit, and so does the parent", async () => {
  await using all = await world(
    [calls(delegate("tester", "ALPHA: work"), delegate("tester", "BETA: work")), finish()],
    {
      ALPHA: [run("true"), run("true"), run("true"), run("true"), finish()],
      BETA: [run("true"), run("true"), run("true"), run("true"), finish()],
    },
  );
  await using server = await all.start();
  using socket = await go(server, { max_steps: 5 });
  const rested = await isNow(socket, "paused");
  assert.match(rested["extras"].reason, /maximum iteration\. Current iteration: [56]\.00, max iteration: 5\.00/);
  const children = await childrenOf(server);
  assert.deepEqual(
    children.map(({ agent_state: is }) => is),
    ["paused", "paused"],
  );
  const answers = (await eventsOf(server, "p")).filter((event) => !isAction(event) && event.observation === "delegate");
  for (const event of answers)
    assert.match(
      (event as Frame)["content"],
      /paused before it finished \(The parent conversation has reached its limit/,
    );
  // Two at once can exceed the limit by one step, as a single one can exceed the cost limit by one call.
  const steps = fold(await eventsOf(server, "p")).usage.steps;
  assert.ok(steps >= 5 && steps <= 6, String(steps));
});

test("[DG11] no subagent starts beyond the depth limit, with an unknown name, or without a task; the model is told why", async () => {
  await using all = await world(
    [
      calls(["delegate", { agent: "nobody", task: "x" }]),
      calls(["delegate", { agent: "explorer" }]),
      calls(delegate("CodeActAgent", "ALPHA: hand it on")),
      finish(),
    ],
    {
      ALPHA: [calls(delegate("CodeActAgent", "BETA: hand it on")), finish()],
      BETA: [calls(delegate("CodeActAgent", "GAMMA: hand it on")), finish()],
      GAMMA: [finish()],
    },
  );
  await using server = await all.start();
  using socket = await go(server);
  await isNow(socket, "finished");
  const errors = (await eventsOf(server, "p")).filter((event) => !isAction(event) && event.observation === "error");
  assert.deepEqual(
    errors.map((event) => (event as Frame)["extras"].code),
    ["unknown_agent", "delegate_refused"],
  );
  const [child] = await childrenOf(server);
  const [grandchild] = await childrenOf(server, child?.["id"] as string);
  assert.deepEqual(await childrenOf(server, grandchild?.["id"] as string), []);
  const refused = (await eventsOf(server, grandchild?.["id"] as string)).find(
    (event) => !isAction(event) && event.observation === "error",
  );
  assert.equal((refused as Frame | undefined)?.["extras"].code, "unknown_tool");
});

test("[DG12][DG16] run prints one line for each action of a subagent and does not ask in subagents either; attach follows a subagent", async () => {
  await using all = await world(
    [calls(delegate("explorer", "ALPHA: find it")), calls(delegate("careful", "BETA: do it")), finish()],
    {
      ALPHA: [calls(["read", { path: "notes" }]), finish({ outputs: { answer: "notes:1" }, thought: "Found." })],
      BETA: [run("echo beta > beta"), finish({ thought: "It was denied." })],
    },
  );
  await using server = await all.start();
  await writeFile(join(server.workspace, "notes"), "here\n");
  const cli = new CliProcess(["run", "--url", server.url, "go"]);
  assert.equal(await cli.end(), 0, cli.stdout + cli.stderr);
  const lines = cli.stdout.split("\n");
  for (const line of [
    "delegate explorer: ALPHA: find it",
    "  explorer │ read notes",
    "  explorer │ Found.",
    "  careful │ $ echo beta > beta",
  ]) {
    assert.ok(lines.includes(line), `${line}\n${cli.stdout}`);
  }
  await assert.rejects(readFile(join(server.workspace, "beta")));
  const [parent] = (await get(server, "conversations?parent="))["conversations"] as Frame[];
  const child = (await childrenOf(server, parent?.["id"] as string)).find(({ title }) => title === "ALPHA: find it");
  const attached = new CliProcess(["attach", "--url", server.url, child?.["id"] as string]);
  await attached.prints("read notes");
  attached.signal("SIGINT");
  assert.equal(await attached.end(), 0);

  const start = join(all.home, "start");
  await mkdir(start);
  await writeFile(join(start, "notes"), "here\n");
  const replays = ([parent?.["id"], child?.["id"]] as string[]).map(async (id) => {
    const replay = new CliProcess(["replay", "--workspace", start, "--url", server.url, id]);
    assert.equal(await replay.end(), 0, replay.stdout + replay.stderr);
  });
  await Promise.all(replays);
});

test("[DG13][DG14] changes by a subagent count as the agent's in the parent's history; a fork is no subagent and has none", async () => {
  await using all = await world(
    [
      run("echo 1 > a"),
      calls(delegate("tester", "ALPHA: write"), delegate("explorer", "BETA: look")),
      run("true"),
      finish(),
    ],
    { ALPHA: [run("echo 2 > a; echo c > c"), finish()], BETA: [calls(["read", { path: "a" }]), finish()] },
  );
  await using server = await all.start({ DECKHAND_CHECKPOINTS: "true" });
  using socket = await go(server, { workspace: {} });
  await isNow(socket, "finished");
  const file = (name: string): Promise<string> =>
    readFile(join(server.home, "conversations/p/workspace", name), "utf8").catch(() => "none");
  assert.deepEqual([await file("a"), await file("c")], ["2\n", "c\n"]);
  const log = await eventsOf(server, "p");
  const snapshots = log.filter((event) => !isAction(event) && event.observation === "checkpoint") as Frame[];
  assert.ok(
    snapshots.length >= 2 && snapshots.every(({ extras }) => extras.external === false),
    JSON.stringify(snapshots),
  );
  const first = log.find((event) => !isAction(event) && event.observation === "run");
  const client = connect({ url: server.url });
  using _closing = { [Symbol.dispose]: () => client.close() };
  const preview = await client.previewRestore("p", (first?.id ?? 0) + 1);
  assert.deepEqual([preview.changed_since, preview.files.map(({ path }) => path).toSorted()], [[], ["a", "c"]]);
  await client.restore("p", (first?.id ?? 0) + 1);
  assert.deepEqual([await file("a"), await file("c")], ["1\n", "none"]);

  const [child] = await client.children("p");
  const at = log.findLast((event) => isAction(event) && event.action === "delegate")?.id ?? 0;
  const exported = await new Response(await client.export("p")).text();
  const copies = [
    await client.fork("p"),
    await client.fork(child?.id ?? ""),
    await client.fork("p", at),
    await client.import(exported),
  ];
  for (const [index, copy] of copies.entries()) {
    assert.equal(copy.parent, null);
    const state = fold(await eventsOf(server, copy.id));
    assert.deepEqual([state.parent, state.children, state.open], [null, [], []], `copy ${index}`);
    assert.deepEqual(await client.children(copy.id), []);
  }
  // The file claims that it is a subagent of a conversation here.
  const at0 = { id: 0, timestamp: "2026-01-01T00:00:00.000Z", source: "environment", message: "" };
  const parent = { conversation: "p", action: 1, root: "p", depth: 1 };
  const forged = { conversation: "x", ...at0, action: "initialize", args: { parent } };
  const header = { ...(JSON.parse(exported.split("\n", 1)[0] ?? "") as object), events: 1 };
  const stranger = await client.import(`${JSON.stringify(header)}\n${JSON.stringify(forged)}\n`);
  assert.equal(stranger.parent, null);
  assert.equal((await client.children("p")).length, 2);
  assert.equal(copies[0]?.cost_usd, (await get(server, "conversations/p"))["cost_usd"]);
  const cut = await eventsOf(server, copies[2]?.id ?? "");
  const closed = cut.filter((event) => !isAction(event) && event.observation === "error") as Frame[];
  assert.deepEqual(
    closed.map(({ extras }) => extras.code),
    ["interrupted", "interrupted"],
  );
  // Its own folder, as the source had one.
  await until(
    async () =>
      (await readFile(join(server.home, "conversations", copies[1]?.id ?? "", "workspace/a"), "utf8").catch(
        () => "",
      )) === "1\n",
  );
});

test("[DG8][DG9] stopping the server during the work leaves both paused, and the costs are in the parent", async () => {
  await using all = await world([calls(delegate("tester", "ALPHA: work"))], { ALPHA: [run("sleep 77713")] });
  const first = await all.start();
  using socket = await go(first);
  const child = (await childReport(socket, () => true))["extras"].conversation as string;
  await childReport(socket, ({ agent_state: is }) => is === "running");
  await until(async () => (await processesWith(sleeping)).length > 0);
  await first.end();
  assert.equal((await processesWith(sleeping)).length, 0);
  await using server = await all.start();
  const [row] = (await get(server, "conversations?parent="))["conversations"] as Frame[];
  const [state, below] = [fold(await eventsOf(server, "p")), fold(await eventsOf(server, child))];
  assert.deepEqual([state.agentState, below.agentState], ["paused", "paused"]);
  assert.equal(state.childUsage.costUsd, below.usage.costUsd);
  assert.equal(row?.["cost_usd"], state.usage.costUsd);
});
