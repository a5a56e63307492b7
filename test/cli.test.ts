/** The command line as processes, on the real server with its sandbox. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect } from "@deckhand/client";
import { fold, type ConversationState, type Event } from "@deckhand/protocol";
import { CliProcess } from "./kit/cli-process.ts";
import { makeRepository } from "./kit/workspaces.ts";
import { ServerProcess } from "./kit/server-process.ts";

const hello = "write a bash script that prints hello";
const sleep = { calls: [{ name: "run", arguments: { command: "echo begun; sleep 600" } }] };
const done = { calls: [{ name: "finish", arguments: { thought: "It is done." } }] };

/** The task selects what the model does. */
const script = {
  replies: [{ text: "I know nothing of this." }],
  conversations: [
    { when: "ask", replies: [{ text: "Which one?" }, { text: "But which?" }, { text: "Well?" }] },
    { when: "ask once", replies: [{ text: "Which one?" }, done] },
    {
      when: "walk",
      replies: Array.from({ length: 9 }, () => ({ calls: [{ name: "think", arguments: { thought: "hm" } }] })),
    },
    { when: "break", replies: [{ status: 401 }], after: "error" },
    { when: "sleep", replies: [sleep, done] },
    {
      when: "colour",
      replies: [{ calls: [{ name: "run", arguments: { command: "printf '\\033[31mred\\033[0m'" } }] }, done],
    },
  ].toReversed(),
};

let server: ServerProcess;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "deckhand-cli-"));
  const path = join(folder, "script.json");
  await writeFile(path, JSON.stringify(script));
  server = await ServerProcess.start({ env: { LLM_MODEL: `scripted/${path}` } });
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test("[L5] run starts a server if none is running, and stops it afterwards", async () => {
  const home = join(folder, "home");
  const run = new CliProcess(["run", hello], { env: { DECKHAND_HOME: home, LLM_MODEL: "demo" } });
  assert.equal(await run.end(), 0, run.stderr);
  const lines = run.stdout.split("\n");
  assert.ok(lines.includes("$ bash hello.sh") && lines.includes("  hello"), run.stdout);
  assert.ok(!(await readdir(home)).includes("server.json"), "the server has released its folder");
});

test("[L5] run uses the server at HOST and PORT, and reads the task from standard input", async () => {
  const env = { PORT: String(server.port) };
  const run = new CliProcess(["run", "--json"], { env, input: "ask once\n" });
  assert.equal(await run.end(), 0, run.stderr);
  const { id, events, state } = await newest();
  assert.match(run.stderr, new RegExp(`Conversation ${id} on http`));
  assert.equal(state.title, "ask once");
  const printed = run.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Event & { conversation: string });
  assert.deepEqual(
    printed,
    events.slice(0, printed.length).map((event) => ({ conversation: id, ...event })),
  );
  assert.ok(printed.length >= 10);
});

for (const [task, code, says, state] of [
  ["break", 1, "model_auth", "error"],
  ["walk", 3, "limit on steps", "paused"],
  ["ask", 4, "nobody is here", "awaiting_user_input"],
] as const) {
  test(`[L1] run exits with ${code} when the work ends as ${state}`, async () => {
    const run = new CliProcess(["run", "--url", server.url, "--max-steps", "5", task]);
    assert.equal(await run.end(), code, run.stdout + run.stderr);
    assert.ok(run.stdout.includes(says), run.stdout);
    assert.equal((await newest()).state.agentState, state);
  });
}

test("[L2] an agent that asks is told twice that nobody can answer", async () => {
  const run = new CliProcess(["run", "--url", server.url, "ask"]);
  assert.equal(await run.end(), 4);
  assert.equal(run.stdout.match(/Nobody is here to answer/g)?.length, 2);
});

test("[L6] Ctrl-C stops the work and run exits with 130; --timeout stops it and run exits with 3", async () => {
  const interrupted = new CliProcess(["run", "--url", server.url, "sleep"]);
  await interrupted.prints("$ echo begun");
  interrupted.signal("SIGINT");
  assert.equal(await interrupted.end(), 130, interrupted.stderr);
  assert.equal((await newest()).state.agentState, "stopped");

  const late = new CliProcess(["run", "--url", server.url, "--timeout", "1", "sleep"]);
  assert.equal(await late.end(), 3, late.stderr);
  assert.equal((await newest()).state.agentState, "stopped");
});

test("[L7] attach shows past and new events; Ctrl-C detaches without stopping the work", async () => {
  const client = connect({ url: server.url });
  const { id } = await client.create({ task: "sleep" });
  const attached = new CliProcess(["attach", "--url", server.url, id]);
  await attached.prints("$ echo begun");
  await client.send(id, "message", { content: "still there?" });
  await attached.prints("> still there?");
  attached.signal("SIGINT");
  assert.equal(await attached.end(), 0, attached.stderr);
  assert.equal((await client.list({ limit: 1 })).conversations[0]?.agent_state, "running");
  await client.delete(id);
  client.close();
});

test("[L7] at a terminal a typed line is a message, and Ctrl-C restores the terminal", async () => {
  const client = connect({ url: server.url });
  const { id } = await client.create({ task: "ask once" });
  const attached = new CliProcess(["attach", "--url", server.url, id], { terminal: true });
  await attached.prints("Which one?");
  attached.type("The red one.\r");
  await attached.prints("It is done.");
  attached.type("\u0003");
  assert.equal(await attached.end(), 0, attached.stderr);
  const { events } = await newest();
  assert.ok(events.some((event) => "action" in event && event.source === "user" && event.message === "The red one."));
  client.close();
});

test("[L8] errors say what to do, and usage errors exit with 2", async () => {
  for (const [args, code, says] of [
    [["run", "--url", "http://127.0.0.1:1", "x"], 1, "deckhand serve"],
    [["run", "--url", "nonsense", "x"], 1, "is not a server address"],
    [["attach", "--url", server.url, "nobody"], 1, "No conversation nobody"],
    [["attach"], 2, "takes the ID"],
    [["run"], 2, "is empty"],
    [["run", "--timeout", "soon", "x"], 2, "--timeout takes a number"],
    [["run", "--colour", "x"], 2, "--colour"],
    [["serve", "--port", "99999"], 1, "--port"],
    [["fly"], 2, 'unknown command "fly"'],
  ] as const) {
    const cli = new CliProcess(args, { env: { DECKHAND_HOME: join(folder, "unused") } });
    assert.equal(await cli.end(), code, args.join(" ") + cli.stderr);
    assert.ok(cli.stderr.includes(says), `${args.join(" ")}: ${cli.stderr}`);
    assert.doesNotMatch(cli.stderr, /\n\s+at /, "no stack trace");
  }
  for (const args of [["--help"], ["serve", "--help"], ["run", "-h"], ["attach", "--help"]]) {
    const cli = new CliProcess(args);
    assert.equal(await cli.end(), 0);
    assert.match(cli.stdout, /^Usage: deckhand/);
  }
});

test("[L4] without a terminal nothing is coloured, and a tool's own colours are removed", async () => {
  const run = new CliProcess(["run", "--url", server.url, "colour"]);
  assert.equal(await run.end(), 0, run.stderr);
  assert.ok(run.stdout.includes("\n  red\n"), run.stdout);
  assert.ok(!run.stdout.includes("\u001B"));
});

test("[L9] serve prints its address, model and sandbox, and shuts down cleanly", async () => {
  const home = join(folder, "served");
  const env = { DECKHAND_HOME: home, PORT: "0", LLM_MODEL: "demo" };
  const serve = new CliProcess(["serve"], { env });
  await serve.prints("Workspace");
  assert.match(serve.stdout, /^Deckhand +listening on http:\/\/127\.0\.0\.1:\d+\nModel +demo \(scripted/);
  assert.match(serve.stdout, /^Sandbox +bubblewrap: \S/m);
  const second = new CliProcess(["serve"], { env });
  assert.equal(await second.end(), 1);
  assert.match(second.stderr, /is in use by another Deckhand server: .* Stop it, or set DECKHAND_HOME/);
  serve.signal("SIGTERM");
  assert.equal(await serve.end(), 0);
  assert.equal(serve.stderr, "");
});

/** The conversation that worked last. */
async function newest(): Promise<{ id: string; events: readonly Event[]; state: ConversationState }> {
  const client = connect({ url: server.url });
  try {
    const { conversations } = await client.list({ limit: 1 });
    const id = conversations[0]?.id ?? "";
    const events: Event[] = [];
    for await (const item of client.follow(id)) {
      if (item.type === "caught_up") break;
      if (item.type === "event") events.push(item.event);
    }
    return { id, events, state: fold(events) };
  } finally {
    client.close();
  }
}

test("[V49] run works in the folder, worktree or copy that its options name; two of them are a usage error", async () => {
  const env = { PORT: String(server.port) };
  const given = join(folder, "given");
  const repository = join(folder, "repository");
  makeRepository(repository);
  const settingsOf = async (...args: readonly string[]): Promise<unknown> => {
    const run = new CliProcess(["run", "--json", ...args, "ask once"], { env });
    assert.equal(await run.end(), 0, run.stderr);
    const events = run.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Event);
    return fold(events).settings.workspace;
  };
  assert.deepEqual(await settingsOf("--folder", given), { folder: given });
  assert.deepEqual(await settingsOf("--worktree", repository, "--ref", "main"), {
    repository,
    as: "worktree",
    ref: "main",
  });
  assert.deepEqual(await settingsOf("--copy", repository), { repository, as: "copy" });
  for (const args of [
    ["--folder", given, "--copy", repository],
    ["--ref", "x"],
  ]) {
    const wrong = new CliProcess(["run", ...args, "x"], { env });
    assert.equal(await wrong.end(), 2, wrong.stderr);
  }
});

test("[L20] models lists the available models, and --test reports whether one is suitable", async () => {
  const url = ["--url", server.url];
  const list = new CliProcess(["models", ...url]);
  assert.equal(await list.end(), 0, list.stderr);
  assert.match(list.stdout, /^demo +scripted, for the tour$/m);
  const refused = { when: "Call the tool add with a = 17 and b = 25.", replies: [{ status: 401 }], after: "error" };
  const path = join(folder, "refused.json");
  await writeFile(path, JSON.stringify({ conversations: [refused] }));
  const wrong = new CliProcess(["models", ...url, "--test", `scripted/${path}`]);
  assert.equal(await wrong.end(), 1);
  assert.match(wrong.stdout, /✖ reply +The API key|✖ reply +No API key/);
  assert.equal(await new CliProcess(["models", ...url, "demo"]).end(), 2);
});
