/** Forking, exporting, importing and deleting conversations, on the real server with its sandbox. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { connect, type Client, type ExportFormat } from "@deckhand/client";
import { fold, isAction, protocolVersion, type AgentState, type Event } from "@deckhand/protocol";
import { CliProcess } from "./kit/cli-process.ts";
import { ModelProcess } from "./kit/model-process.ts";
import { RawSocket } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

const run = (command: string) => ({ name: "run", arguments: { command } });
const done = { calls: [{ name: "finish", arguments: { thought: "It is done." } }] };
const markup =
  "```\n</code></pre><script>alert(1)</script>\n````\n![x](http://x.test/p.png) <img src=x onerror=alert(1)>";

const script = {
  replies: [{ text: "I know nothing of this." }],
  conversations: [
    { when: "three", replies: [{ text: "Three.", calls: [run("echo a"), run("echo b"), run("echo c")] }, done] },
    { when: "sleep", replies: [{ calls: [run("echo begun; sleep 600.25")] }, done] },
    { when: "markup", replies: [{ text: markup, calls: [run(`cat <<'E'\n${markup}\nE`)] }, { text: markup }] },
    { when: "again", replies: [{ text: "With pleasure." }] },
  ].toReversed(),
};

let server: ServerProcess;
let client: Client;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "deckhand-library-"));
  const path = join(folder, "script.json");
  await writeFile(path, JSON.stringify(script));
  server = await ServerProcess.start({ env: { LLM_MODEL: `scripted/${path}`, MAX_ITERATIONS: "7" } });
  client = connect({ url: server.url });
});
after(async () => {
  client?.close();
  await server?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test("[J5] a fork is an idle copy of the events up to one, with their ids and without their command ids", async () => {
  const id = await finished("three");
  await client.send(id, "message", { content: "again" }, { command: "the-command" });
  await comesTo(id, "awaiting_user_input");
  const log = await events(id);
  const made = await client.fork(id);
  assert.equal(made.head, log.length - 1);
  assert.equal(made.title, "three (fork)");
  assert.deepEqual(await events(made.id), log.map(withoutCommand));
  // In the fork the same command id is new; in the source it is still executed only once.
  const again = await client.send(made.id, "message", { content: "again" }, { command: "the-command" });
  assert.equal(again, log.length);
  await comesTo(made.id, "awaiting_user_input", again);
  assert.equal((await events(id)).length, log.length, "the source got no new event");
  assert.deepEqual(
    fold(await events(made.id)).usage.steps,
    fold(log).usage.steps + 1,
    "the cost of the copied events counts",
  );
});

test("[J6] a fork at any event is usable: nothing is pending, nothing runs, and the next message is answered", async () => {
  const id = await finished("three");
  const log = await events(id);
  for (const { id: at } of log) {
    const made = await client.fork(id, at);
    const copy = await events(made.id);
    const state = fold(copy);
    assert.deepEqual(copy.slice(0, at + 1), log.slice(0, at + 1).map(withoutCommand), `at ${at}`);
    assert.deepEqual(state.open, [], `at ${at}`);
    assert.ok(!["running", "loading"].includes(state.agentState ?? ""), `at ${at}: ${state.agentState}`);
    for (const event of copy.slice(at + 1)) {
      assert.match(event.message, /This is a fork/, `at ${at}`);
    }
    const asked = await client.send(made.id, "message", { content: "again" });
    await until(
      made.id,
      (event) => event.id > asked && ["awaiting_user_input", "finished"].includes(stateOf(event) ?? ""),
    );
    const whole = await events(made.id);
    for (const action of whole.filter((event) => isAction(event) && event.action === "run")) {
      const answers = whole.filter((event) => !isAction(event) && event.cause === action.id);
      assert.equal(answers.length, 1, `at ${at}: one observation of ${action.id}`);
    }
    await client.delete(made.id);
  }
});

test("[J7] forking a working conversation does not disturb it, and the fork says what had not finished", async () => {
  const { id } = await client.create({ task: "sleep" });
  await atWork(id);
  const made = await client.fork(id);
  assert.equal(made.agent_state, "paused");
  const last = (await events(made.id)).findLast((event) => !isAction(event) && event.observation === "error");
  assert.match(last?.message ?? "", /fork of conversation .* sleep 600\.25/s);
  assert.equal((await row(id)).agent_state, "running");
  await assert.rejects(client.fork(id, 1_000), { code: "bad_args" });
  await assert.rejects(client.fork("nobody"), { code: "unknown_conversation" });
  await client.delete(id);
});

test("[J8] export, import and export give the same lines and title, and the import can be continued", async () => {
  const id = await finished("three");
  await client.rename(id, "Counting to three");
  const first = (await exported(id)).split("\n");
  const made = await client.import(first.join("\n"));
  assert.notEqual(made.id, id);
  assert.equal(made.title, "Counting to three");
  assert.equal(made.agent_state, "finished");
  const second = (await exported(made.id)).split("\n");
  assert.deepEqual(second.slice(1), first.slice(1));
  const { exported: _, ...header } = JSON.parse(first[0] ?? "") as Record<string, unknown>;
  assert.deepEqual(header, {
    deckhand_export: 1,
    protocol: protocolVersion,
    title: "Counting to three",
    events: first.length - 2,
  });
  const asked = await client.send(made.id, "message", { content: "again" });
  await comesTo(made.id, "awaiting_user_input", asked);
  assert.equal((await client.list({ query: "Counting to three" })).conversations.length, 2);
});

test("[J9] an invalid export is refused with the line number, and nothing is stored", async () => {
  const [header = "", ...lines] = (await exported(await finished("three"))).trimEnd().split("\n");
  const stored = await count();
  const at = (index: number, line: string): string => [header, ...lines.with(index, line)].join("\n");
  const change = (index: number, more: object): string =>
    at(index, JSON.stringify({ ...(JSON.parse(lines[index] ?? "") as object), ...more }));
  const files: readonly (readonly [string, RegExp])[] = [
    ["", /Line 1 /],
    ["hello", /Line 1 /],
    [lines.join("\n"), /Line 1 /],
    [header, /has 0 events instead of/],
    [`{"deckhand_export": 1}`, /no event/],
    [[header, ...lines.slice(0, 5)].join("\n"), /has 5 events instead of/],
    [at(3, "{"), /Line 5 /],
    [at(3, "[".repeat(10_000)), /Line 5 /],
    [at(3, ""), /Line 5 /],
    [[header, ...lines.toSpliced(3, 1)].join("\n"), /Line 5 .*id is 4 instead of 3/],
    [change(2, { id: -1 }), /Line 4 /],
    [change(4, { timestamp: "yesterday" }), /Line 6 .*timestamp/],
    [change(0, { args: 1 }), /Line 2 .*args/],
    [change(1, { cause: 5 }), /Line 3 .*cause/],
    [change(0, { action: "new_kind", args: null }), /Line 2 /],
  ];
  for (const [file, message] of files) {
    await assert.rejects(
      client.import(file),
      (error: Error & { code?: string }) => error.code === "bad_args" && message.test(error.message),
      `${message}: ${file.slice(0, 80)}`,
    );
  }
  const unknown = await client.import(change(0, { action: "new_kind", args: { any: 1 } }));
  assert.equal((await events(unknown.id))[0]?.id, 0);
  await client.delete(unknown.id);
  assert.equal(await count(), stored);
});

test("[J10] an import runs nothing, and adopts no folder, model, address or permission", async () => {
  const { id } = await client.create({
    task: "sleep",
    settings: { directory: "below", model: (await client.health()).model.name, max_steps: 1_000_000 },
  });
  await atWork(id);
  const file = await exported(id);
  await client.delete(id);
  const theirs = file.replaceAll(join(server.workspace, "below"), "/etc");
  assert.match(theirs, /"directory":"\/etc"/);
  const made = await client.import(theirs);
  assert.ok(["paused", "error"].includes(made.agent_state ?? ""));
  const state = fold(await events(made.id));
  assert.deepEqual([state.settings, state.open, state.limitRaises], [{}, [], { turn: 0, cost: 0, tokens: 0 }]);
  const asked = await client.send(made.id, "run", { command: "pwd" });
  await answered(made.id, asked);
  assert.doesNotMatch(JSON.stringify((await events(made.id)).at(-1)), /\/etc/);
});

test("[J11] a readable export contains only text: nothing breaks out of a fence, tag or attribute", async () => {
  const { id } = await client.create({ task: `markup ${markup}` });
  await comesTo(id, "awaiting_user_input");
  await client.rename(id, `"><script>alert(1)</script> ../../..\r\nX: y`);
  const response = await fetch(`${server.url}/api/conversations/${id}/export?format=html`);
  assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
  assert.equal(response.headers.get("content-disposition"), 'attachment; filename="script-alert-1-script-x-y.html"');
  const html = await response.text();
  assert.doesNotMatch(html, /<(script|img|a|link|iframe|form)\b/i);
  assert.match(html, /Content-Security-Policy" content="default-src 'none'; style-src 'sha256-/);
  assert.ok(html.includes("&lt;/code&gt;&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;"));
  assert.ok(html.endsWith("</body>\n</html>\n"));

  const markdown = await exported(id, "markdown");
  let fence: string | undefined;
  const outside: string[] = [];
  for (const line of markdown.split("\n")) {
    const ticks = /^(`{3,})(\w*)$/.exec(line);
    if (fence === undefined && ticks !== null) fence = ticks[1];
    else if (fence !== undefined) fence = ticks !== null && (ticks[1]?.length ?? 0) >= fence.length ? undefined : fence;
    else outside.push(line);
  }
  assert.equal(fence, undefined, "every fence is closed");
  const rest = outside.join("\n");
  assert.doesNotMatch(rest, /(^|[^\\])<script/m);
  assert.doesNotMatch(rest, /!\[x\]/);
  assert.match(rest, /^> ```$/m, "a message stays within its quote");
});

test("[J11] no export contains an API key", async () => {
  const canary = "sk-canary-key-0123456789";
  const response = await fetch(`${server.url}/api/conversations`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ task: "again", settings: { LLM_API_KEY: canary } }),
  });
  const { id } = (await response.json()) as { id: string };
  await comesTo(id, "awaiting_user_input");
  for (const format of ["jsonl", "markdown", "html"] as const) {
    const file = await exported(id, format);
    assert.ok(file.includes("With pleasure.") && !file.includes("sk-canary"), format);
  }
});

test("[J12] deleting a working conversation leaves no process, and a late command does not recreate it", async () => {
  const { id } = await client.create({ task: "sleep" });
  await atWork(id);
  for (let looks = 0; (await sleeping()).length === 0; looks += 1) {
    assert.ok(looks < 200, "the command did not start");
    await wait(20);
  }
  using socket = await RawSocket.open(`${server.wsUrl}?protocol=deckhand.v1`);
  const deleted = client.delete(id);
  for (let sent = 0; sent < 20; sent += 1) {
    socket.send({ conversation: id, command: `late-${sent}`, action: "message", args: { content: "sleep" } });
  }
  await deleted;
  socket.send({ conversation: id, command: "last", action: "message", args: { content: "sleep" } });
  const refused = await socket.next((frame) => frame["error"]?.command === "last");
  assert.equal(refused["error"].code, "unknown_conversation");
  assert.deepEqual(await sleeping(), []);
  await assert.rejects(client.create({ id }), { code: "unknown_conversation" });
  assert.equal(
    (await client.list({ limit: 100 })).conversations.some((each) => each.id === id),
    false,
  );
});

test("[J13] fork, export and import from the command line", async () => {
  const id = await finished("three");
  const cli = async (...args: string[]): Promise<string> => {
    const process = new CliProcess([args[0] ?? "", "--url", server.url, ...args.slice(1)]);
    assert.equal(await process.end(), 0, process.stderr);
    return process.stdout;
  };
  const forked = (await cli("fork", "--at", "4", id)).trim();
  assert.ok((await row(forked)).head >= 4);
  const file = join(folder, "export.jsonl");
  await writeFile(file, await cli("export", id));
  const imported = (await cli("import", file)).trim();
  assert.deepEqual(await events(imported), await events(id));
  assert.match(await cli("export", "--format", "markdown", id), /^# three\n/);
  const wrong = new CliProcess(["import", "--url", server.url, join(folder, "script.json")]);
  assert.equal(await wrong.end(), 1);
  assert.match(wrong.stderr, /Line 1 is not part of an export/);
});

test("[L10] server-wide approval rules from the command line", async () => {
  const cli = async (...args: string[]): Promise<[number | null, string]> => {
    const process = new CliProcess(["rules", "--url", server.url, ...args]);
    const code = await process.end();
    return [code, code === 0 ? process.stdout : process.stderr];
  };
  const [code, added] = await cli("add", "run", "npm  run *");
  assert.match(added, /^\d+\trun\tnpm run \*\n$/);
  assert.deepEqual([code, await cli()], [0, [0, added]]);
  const [refused, why] = await cli("add", "run", "bash *");
  assert.equal(refused, 1);
  assert.match(why, /bad_args/);
  assert.equal((await cli("add", "run"))[0], 2);
  assert.deepEqual(await cli("delete", added.split("\t")[0] ?? ""), [0, ""]);
  assert.deepEqual(await cli(), [0, ""]);
});

test("[J14] the server asks the model for a title unless DECKHAND_TITLES disables it", async () => {
  for (const wanted of [true, false]) {
    await using model = await ModelProcess.start([{ text: "Hello to you." }], {
      conversations: [{ when: "The result:", replies: [{ text: "A friendly greeting" }] }],
    });
    await using own = await ServerProcess.start({ env: { ...model.env, DECKHAND_TITLES: String(wanted) } });
    using socket = await RawSocket.open(`${own.wsUrl}?protocol=deckhand.v1`);
    socket.send({ conversation: "c", action: "start", args: { task: "say hello" } });
    await socket.next((frame) => frame["ack"] !== undefined);
    socket.send({ subscribe: { conversation: "c" } });
    await socket.next((frame) => frame["extras"]?.agent_state === "awaiting_user_input");
    if (wanted) await socket.next((frame) => frame["observation"] === "title");
    const response = await fetch(`${own.url}/api/conversations/c`);
    const { title } = (await response.json()) as { title: string };
    assert.equal(title, wanted ? "A friendly greeting" : "say hello");
    const requests = await model.requests();
    assert.equal(requests.length, wanted ? 2 : 1);
    const asked = requests[1]?.body as { readonly max_tokens?: number } | undefined;
    assert.equal(asked?.max_tokens, wanted ? 600 : undefined, "the reply length is limited");
  }
});

function withoutCommand(event: Event): Event {
  const { command: _, ...rest } = event;
  return rest;
}

async function finished(task: string): Promise<string> {
  const { id } = await client.create({ task });
  await comesTo(id, "finished");
  return id;
}

async function events(id: string): Promise<Event[]> {
  const all: Event[] = [];
  for await (const item of client.follow(id)) {
    if (item.type === "caught_up") break;
    if (item.type === "event") all.push(item.event);
  }
  return all;
}

/** Waits for the state to be reached after event `since`. */
async function comesTo(id: string, state: AgentState, since = -1): Promise<void> {
  await until(id, (event) => event.id > since && stateOf(event) === state);
}

async function answered(id: string, action: number): Promise<void> {
  await until(id, (event) => !isAction(event) && event.cause === action);
}

async function until(id: string, is: (event: Event) => boolean): Promise<void> {
  for await (const item of client.follow(id, { signal: AbortSignal.timeout(20_000) })) {
    if (item.type === "event" && is(item.event)) return;
  }
  assert.fail(`${id}: it did not come`);
}

function stateOf(event: Event): AgentState | undefined {
  return !isAction(event) && event.observation === "agent_state_changed" ? event.extras.agent_state : undefined;
}

/** Waits until the command has started. */
async function atWork(id: string): Promise<void> {
  await until(id, (event) => isAction(event) && event.action === "run");
}

async function exported(id: string, format: ExportFormat = "jsonl"): Promise<string> {
  return text(await client.export(id, format));
}

async function row(id: string) {
  const { conversations } = await client.list({ limit: 100 });
  return conversations.find((each) => each.id === id) ?? assert.fail(`${id} is not in the list`);
}

async function count(): Promise<number> {
  return (await client.list({ limit: 100 })).conversations.length;
}

/** Running `sleep` processes of the scripts. */
async function sleeping(): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (line === "sleep\u0000600.25\u0000") found.push(pid);
  }
  return found;
}
