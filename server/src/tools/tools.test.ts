import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  actionArgs,
  DeckhandError,
  observation,
  type ActionKind,
  type ErrorCode,
  type Observation,
} from "@deckhand/protocol";
import { bubblewrapRuntimes } from "../runtime/bubblewrap.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { AnyOutcome, Tool } from "./tool.ts";
import { createTools } from "./tools.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-tools-"));
const workspace = join(folder, "workspace");
await mkdir(workspace);
const path = process.env["DECKHAND_USER_PATH"] ?? process.env["PATH"] ?? "";
const shared = await bubblewrapRuntimes({ dataHome: folder, userHome: homedir(), path }).create({
  workspace,
  home: join(folder, "home"),
});
after(async () => {
  await shared[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});
const tools = createTools({ commandTimeoutMs: 5000, browseAllow: [] });

interface ToolRun {
  readonly outcome: AnyOutcome;
  readonly streamed: string;
  /** The text for the model. */
  readonly modelText: string;
}

async function run(
  kind: ActionKind,
  args: object,
  more: { readonly signal?: AbortSignal; readonly runtime?: Runtime } = {},
  onDelta: (text: string) => Promise<void> = async () => {},
): Promise<ToolRun> {
  const tool = tools.get(kind) as Tool;
  const running = tool.run(actionArgs[kind].parse(args) as never, {
    runtime: shared,
    id: 7,
    signal: new AbortController().signal,
    ...more,
  });
  let streamed = "";
  let step = await running.next();
  while (!step.done) {
    assert.equal(step.value.of, 7);
    streamed += step.value.text;
    await onDelta(step.value.text);
    step = await running.next();
  }
  const outcome = step.value;
  const event = observation("agent", outcome.observation, outcome.content, outcome.extras as never);
  const stored = { id: 8, timestamp: "2026-01-01T00:00:00.000Z", ...event } as unknown as Observation;
  return { outcome, streamed, modelText: tool.formatForModel?.(stored) ?? outcome.content };
}

const failsWith = (code: ErrorCode, message: RegExp) => (error: unknown) =>
  error instanceof DeckhandError && error.code === code && message.test(error.message);
const content = (name: string): Promise<string> => readFile(join(workspace, name), "utf8");

test("[N1] write creates folders and writes its content exactly; read returns all of it or some lines", async () => {
  await run("write", { path: "a/b/lines.txt", content: "one\ntwo\nthree" });
  assert.equal(await content("a/b/lines.txt"), "one\ntwo\nthree");
  assert.equal((await run("read", { path: "a/b/lines.txt" })).outcome.content, "one\ntwo\nthree");
  assert.equal((await run("read", { path: "a/b/lines.txt", start: 1, end: 2 })).outcome.content, "two\n");
  assert.equal((await run("read", { path: "a/b/lines.txt", start: 2 })).outcome.content, "three");
  assert.equal((await run("read", { path: "a/b/lines.txt", start: 9 })).outcome.content, "");
});

test("[N2] write with a line range replaces only those lines, and never joins two lines", async () => {
  await run("write", { path: "part.txt", content: "1\n2\n3\n4" });
  await run("write", { path: "part.txt", content: "two", start: 1, end: 3 });
  assert.equal(await content("part.txt"), "1\ntwo\n4");
  await run("write", { path: "part.txt", content: "five", start: 9 });
  assert.equal(await content("part.txt"), "1\ntwo\n4\nfive");
  await run("write", { path: "new.txt", content: "begun", start: 1, end: 2 });
  assert.equal(await content("new.txt"), "begun");
});

test("[N3] a long file is truncated, with the line to continue from", async () => {
  const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`);
  await writeFile(join(workspace, "long.txt"), lines.join(""));
  const first = (await run("read", { path: "long.txt" })).outcome.content;
  const next = Number(/Continue with start (\d+)\.\]/.exec(first)?.[1]);
  assert.ok(first.length < 61_000 && next > 1000);
  const second = (await run("read", { path: "long.txt", start: next })).outcome.content;
  assert.ok(second.startsWith(`line ${next}\n`));
});

test("[N4] edit replaces a unique text, or every occurrence with replace_all, and returns the diff", async () => {
  await run("write", { path: "code.ts", content: "const a = 1;\nconst b = 1;\n" });
  const { outcome } = await run("edit", { path: "code.ts", old_str: "a = 1", new_str: "a = $&2" });
  assert.equal(await content("code.ts"), "const a = $&2;\nconst b = 1;\n");
  assert.match(outcome.content, /^-const a = 1;\n\+const a = \$&2;$/m);
  assert.ok(outcome.observation === "edit" && outcome.extras.old_content === "const a = 1;\nconst b = 1;\n");
  await run("edit", { path: "code.ts", old_str: "const", new_str: "let", replace_all: true });
  assert.equal(await content("code.ts"), "let a = $&2;\nlet b = 1;\n");
  await run("edit", { path: "fresh.ts", old_str: "", new_str: "new\n" });
  assert.equal(await content("fresh.ts"), "new\n");
});

test("[N5] an edit that cannot be made says why and what to do, and changes nothing", async () => {
  await run("write", { path: "twice.txt", content: "x\nx\n" });
  const edit = (args: object) => run("edit", { path: "twice.txt", new_str: "y", ...args });
  await assert.rejects(edit({ old_str: "z" }), failsWith("no_match", /not found in twice.txt/));
  await assert.rejects(edit({ old_str: "x" }), failsWith("ambiguous_match", /2 times.*replace_all/));
  await assert.rejects(edit({ old_str: "" }), failsWith("ambiguous_match", /old_str/));
  await assert.rejects(edit({ path: "none.txt", old_str: "x" }), failsWith("file_not_found", /File not found/));
  assert.equal(await content("twice.txt"), "x\nx\n");
});

test("[N6] search finds lines by a regular expression in matching files, and says when there are none or more", async () => {
  await mkdir(join(workspace, "tree/deep"), { recursive: true });
  await writeFile(join(workspace, "tree/deep/a.py"), "def find_me():\n    pass\n");
  await writeFile(join(workspace, "tree/b.txt"), "def find_me in text\n");
  const found = await run("search", { pattern: "def find_\\w+", path: "tree" });
  assert.equal(found.outcome.content, "tree/b.txt:1:def find_me in text\ntree/deep/a.py:1:def find_me():");
  const python = await run("search", { pattern: "def find_", path: "tree", glob: "*.py" });
  assert.equal(python.outcome.content, "tree/deep/a.py:1:def find_me():");
  assert.equal((await run("search", { pattern: "-nowhere" })).modelText, "No matches found.");
  await writeFile(join(workspace, "tree/many.txt"), "many of these lines\n".repeat(5000));
  const many = await run("search", { pattern: "many of", path: "tree" });
  assert.ok(many.outcome.observation === "search" && many.outcome.extras.truncated);
  assert.ok(
    many.outcome.content.length <= 30_000 && many.modelText.endsWith("[More matches not shown; narrow the search]"),
  );
  await assert.rejects(run("search", { pattern: "(" }), failsWith("bad_tool_args", /The search failed/));
  await assert.rejects(run("search", { pattern: "x", path: "nowhere" }), failsWith("bad_tool_args", /nowhere/));
});

test("[HN7] search includes hidden files, skips ignored ones unless they are named, and gives the path of a single file", async () => {
  for (const name of ["node_modules/x", ".github", ".git"])
    await mkdir(join(workspace, "proj", name), { recursive: true });
  await writeFile(join(workspace, "proj/.gitignore"), "node_modules/\n");
  for (const name of ["node_modules/x/a.js", ".github/ci.yml", ".git/config"]) {
    await writeFile(join(workspace, "proj", name), "a needle\n");
  }
  await writeFile(join(workspace, "proj/wide"), `${"x".repeat(500)}needle\n`);
  const found = async (below: string): Promise<string[]> =>
    (await run("search", { pattern: "needle", path: below })).outcome.content.split("\n");
  const [ci, wide, ...more] = await found("proj");
  assert.deepEqual([ci, more], ["proj/.github/ci.yml:1:a needle", []]);
  assert.ok(wide !== undefined && wide.length < 480 && wide.startsWith("proj/wide:1:xxx"));
  const dependency = ["proj/node_modules/x/a.js:1:a needle"];
  assert.deepEqual(await found("proj/node_modules"), dependency);
  assert.deepEqual(await found("proj/node_modules/x/a.js"), dependency);
});

test("[N7] run gives the model output, exit code and directory, and explains a timeout, a stop and a lost shell", async () => {
  assert.equal(
    (await run("run", { command: "echo out; echo err >&2; false" })).modelText,
    `out\nerr\n[exit code 1, in ${workspace}]`,
  );
  const timedOut = await run("run", { command: "echo started; sleep 60", timeout: 1, on_timeout: "interrupt" });
  assert.ok(timedOut.outcome.observation === "run" && timedOut.outcome.extras.exit_code === 130);
  assert.match(
    timedOut.outcome.content,
    /^started\n[\s\S]*\[Command timed out after 1 seconds\. SIGINT was sent to interrupt the command\.\]$/,
  );
  const continued = await run("run", { command: "echo started; sleep 60", timeout: 1 });
  assert.match(
    continued.modelText,
    /^started\n\n\[Still running after 1 seconds, now as background job j7\..*\]\n\[job j7 is running\]$/,
  );
  assert.ok(continued.outcome.observation === "run" && continued.outcome.extras.exit_code === -1);
  assert.match((await run("job", { id: "j7", signal: "KILL" })).modelText, /^\[job j7 has ended with exit code 137\]$/);
  const stop = new AbortController();
  const stopped = run("run", { command: "sleep 60" }, { signal: stop.signal });
  setImmediate(() => stop.abort());
  assert.match((await stopped).outcome.content, /\[The command was stopped\.\]$/);
  assert.match((await run("run", { command: "exit 3" })).outcome.content, /\[The shell exited\..*new one/);
  assert.equal((await run("run", { command: "echo again" })).outcome.content, "again\n");
});

test("[Y3] the result of a command that hit a limit says so, to the model and in a field", async () => {
  const limits = { processes: 40, memoryBytes: 64 * 1024 ** 2, fileBytes: 1024 ** 2 };
  const options = { dataHome: folder, userHome: homedir(), path, limits };
  await using limited = await bubblewrapRuntimes(options).create({ workspace, home: join(folder, "limited") });
  const { outcome } = await run("run", { command: "head -c 2M /dev/zero >large" }, { runtime: limited });
  assert.ok(outcome.observation === "run" && outcome.extras.limit === "file_size");
  assert.match(
    outcome.content,
    /\[A program was killed for writing too large a file: the limit is 1 MiB per file\.\]$/,
  );
});

test("[N8] long output is reduced to head and tail, and the full output can be read from the file that is named", async () => {
  const { outcome, modelText } = await run("run", { command: "seq 1 50000" });
  assert.ok(outcome.observation === "run" && outcome.extras.truncated && outcome.extras.whole !== undefined);
  assert.ok(outcome.content.startsWith("1\n2\n") && outcome.content.endsWith("49999\n50000\n"));
  assert.ok(outcome.content.length < 31_000);
  assert.ok(modelText.includes(outcome.extras.whole.path));
  const middle = await run("run", { command: `sed -n 25000p ${outcome.extras.whole.path}` });
  assert.equal(middle.outcome.content, "25000\n");
});

test("[N9] output is streamed while the command runs", async () => {
  // The command ends only after its first output has arrived.
  const command = "echo started; until [ -e seen ]; do sleep 0.05; done; echo ended";
  const { streamed, outcome } = await run("run", { command }, {}, () => writeFile(join(workspace, "seen"), ""));
  assert.match(streamed, /^started\n/);
  assert.equal(outcome.content, "started\nended\n");
});

test("[N10] run passes input and starts background jobs, also on a terminal; job types into them and returns their output", async () => {
  assert.equal((await run("run", { command: "cat; x=5", input: "a 'b'\nc" })).outcome.content, "a 'b'\nc");
  const started = await run("run", { command: "echo on $x; read a; echo got $a", background: true });
  assert.match(started.modelText, /\[job j7 is running\]$/);
  // On a busy machine the job may print only after the first observation.
  let printed = started.outcome.content;
  while (printed === "") printed = (await run("job", { id: "j7", wait: 0.1 })).outcome.content;
  assert.equal(printed, "on 5\n");
  assert.match((await run("job", { id: "j7" })).modelText, /^\[job j7 is running\]$/);
  assert.equal(
    (await run("job", { id: "j7", input: "it\n", wait: 10 })).modelText,
    "got it\n[job j7 has ended with exit code 0]",
  );
  const failing = await run("run", { command: "no-such-program", background: true });
  const texts = [failing, await run("job", { id: "j7", wait: 10 })].map(({ modelText }) => modelText);
  assert.match(texts.join("\n"), /no-such-program: command not found\n[\s\S]*\[job j7 has ended with exit code 127\]$/);
  const screen = await run("run", { command: "read -p 'Name? ' name; clear; echo Hello $name", tty: true });
  assert.match(
    screen.modelText,
    /^Name\?\n\[job j7 is running, screen of 30 rows and 100 columns, cursor at row 0, column 6\]$/,
  );
  assert.match(
    (await run("job", { id: "j7", input: "Bob", keys: ["enter"], wait: 10 })).modelText,
    /^Hello Bob\n\[job j7 has ended with exit code 0\]$/,
  );
  await assert.rejects(run("job", { id: "j1" }), failsWith("bad_tool_args", /There is no job j1.*j7/));
  assert.match((await run("run", { command: "head -c 5000 /dev/urandom" })).outcome.content, /^\[Binary output/);
  assert.equal(
    (await run("plan", { tasks: [{ title: "one", status: "done" }, { title: "two" }] })).modelText,
    "1 of 2 tasks are done.",
  );
});
