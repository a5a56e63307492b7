/** `deckhand bench` on the real server, with the bundled tasks and with agents that cheat. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { connect } from "@deckhand/client";
import { CliProcess } from "./kit/cli-process.ts";
import { ServerProcess } from "./kit/server-process.ts";

const shipped = join(import.meta.dirname, "../bench/tasks");
const run = (command: string) => ({ calls: [{ name: "run", arguments: { command } }] });
const finish = { calls: [{ name: "finish", arguments: { thought: "Done." } }] };
const works = (when: string, command: string) => ({ when, replies: [run(command), finish] });

/** What an agent may try instead of solving the task. */
const cheats = {
  "overwrite the check": "echo exit 0 > check.sh; chmod 444 check.sh; mkdir -p sub; echo exit 0 > sub/part.sh",
  "put a folder there": "mkdir -p check.sh/deep sub/part.sh; chmod 555 check.sh",
  "put a link there": "echo exit 0 > mine.sh; ln -s mine.sh check.sh; ln -s . sub",
  "lead outside": "ln -s /tmp sub; ln -s /dev/null check.sh",
  "define functions": "bash() { :; }; test() { :; }; export -f bash test; export BASH_ENV=$PWD/env; echo exit 0 > env",
  "stay behind": "(while :; do rm -rf check.sh; echo exit 0 > check.sh; sleep 0.02; done) > /dev/null 2>&1 & sleep 0.1",
};

let server: ServerProcess;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "deckhand-bench-"));
  const tracks = [
    ...(JSON.parse(await readFile(join(shipped, "script.json"), "utf8")) as { conversations: object[] }).conversations,
    works("honest", "touch solved"),
    ...Object.entries(cheats).map(([when, command]) => works(when, command)),
    works("add subtracts", "sed -i 's/a - b/a + b/' add.mjs; git log --oneline; echo broken > add.test.mjs"),
    { when: "slow", replies: [run("touch begun; sleep 600"), finish] },
  ];
  await writeFile(join(folder, "good.json"), JSON.stringify({ conversations: tracks }));
  await writeFile(join(folder, "idle.json"), JSON.stringify({ replies: [finish] }));
  server = await ServerProcess.start({ env: { LLM_MODEL: `scripted/${join(folder, "good.json")}` } });
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function tasksOf(name: string, tasks: Readonly<Record<string, string>>): Promise<string> {
  const at = join(folder, name);
  for (const [path, text] of Object.entries(tasks)) {
    await mkdir(dirname(join(at, path)), { recursive: true });
    await writeFile(join(at, path), text);
  }
  return at;
}

function bench(...args: readonly string[]): CliProcess {
  return new CliProcess(["bench", "--url", server.url, ...args]);
}

async function conversations(): Promise<number> {
  const client = connect({ url: server.url });
  try {
    return (await client.list({ limit: 100 })).conversations.length;
  } finally {
    client.close();
  }
}

test("[WB9] the bundled tasks are solved by their scripts and not by an idle model, and both are reported side by side", async () => {
  const good = bench("--at-once", "3", shipped);
  assert.equal(await good.end(), 0, good.stderr);
  const lines = good.stdout.trimEnd().split("\n");
  assert.match(lines[0] ?? "", /^task +solved +steps +tokens +cached +cost +time$/);
  assert.deepEqual(
    lines.slice(1).map((line) => line.split(/ +/).slice(0, 3).join(" ")),
    [
      "count-words yes 2",
      "exercises/leap yes 3",
      "fix-sum yes 3",
      "hello-script yes 3",
      "rename-function yes 2",
      "total 5/5 13",
    ],
  );
  const [first, second] = ["good", "idle"].map((name) => `scripted/${join(folder, `${name}.json`)}`);
  const both = bench("--model", `${first},${second}`, "--limit", "1", "--repeat", "2", "--json", shipped);
  assert.equal(await both.end(), 1, both.stderr);
  const printed = both.stdout
    .trimEnd()
    .split("\n")
    .map(
      (line) => JSON.parse(line) as { readonly model: string; readonly solved: boolean; readonly totals?: object[] },
    );
  assert.equal(printed.length, 5);
  const tried = printed.slice(0, 4);
  assert.equal(tried.filter(({ model }) => model === first).length, 2);
  assert.ok(tried.every(({ model, solved }) => solved === (model === first)));
  assert.deepEqual(
    printed[4]?.totals?.map((each) => Object.values(each).slice(1, 4)),
    [
      [2, 2, 4],
      [2, 0, 2],
    ],
  );
  assert.equal(await conversations(), 0, "nothing is left behind");
});

test("[WB10] tampering with the check, its files or its shell does not solve a task", async () => {
  const check = 'set -e\ntest -f solved\ntest "$(bash sub/part.sh)" = part\n';
  const tasks = await tasksOf(
    "cheats",
    Object.fromEntries(
      ["honest", ...Object.keys(cheats)].flatMap((name) => [
        [`${name}/task.md`, `---\ncheck: bash check.sh\n---\nDo it: ${name}\n`],
        [`${name}/check/check.sh`, check],
        [`${name}/check/sub/part.sh`, "echo part\n"],
      ]),
    ),
  );
  const tried = bench("--json", "--at-once", "4", tasks);
  assert.equal(await tried.end(), 1, tried.stderr);
  const results = tried.stdout
    .trimEnd()
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { readonly task: string; readonly solved: boolean; readonly why: string });
  assert.equal(results.length, Object.keys(cheats).length + 1, tried.stderr);
  for (const { task, solved, why } of results) {
    assert.equal(solved, task === "honest", `${task}: ${why}`);
    if (task === "lead outside") assert.match(why, /could not be copied|exited with 1/);
    else if (!solved) assert.match(why, /^The check exited with 1/, task);
  }
});

test("[WB8] a SWE-bench task is solved by changing the files, with the tests as patched", async () => {
  const at = await tasksOf("swe", {
    "repo/add.mjs": "export const add = (a, b) => a - b;\n",
    "repo/add.test.mjs": "// none yet\n",
    "repo/zero.test.mjs": `${testOf("add(0, 0)", 0)}\n`,
  });
  const git = (...args: readonly string[]): string => {
    const who = ["-c", "user.name=x", "-c", "user.email=x@x"];
    return execFileSync("git", [...who, ...args], { cwd: join(at, "repo"), encoding: "utf8" });
  };
  git("init", "-q", "-b", "main");
  git("add", "-A");
  git("commit", "-qm", "first");
  const tests = testOf("add(2, 3)", 5);
  const task = {
    instance_id: "add-1",
    repo: "repo",
    base_commit: git("rev-parse", "HEAD").trim(),
    problem_statement: "add subtracts",
    test_patch: `--- a/add.test.mjs\n+++ b/add.test.mjs\n@@ -1 +1 @@\n-// none yet\n+${tests}\n`,
    FAIL_TO_PASS: ["add.test.mjs"],
    PASS_TO_PASS: ["zero.test.mjs"],
    test_command: "node --test {tests}",
  };
  const idle = { ...task, instance_id: "add-2", problem_statement: "honest" };
  await writeFile(join(at, "tasks.jsonl"), [task, idle].map((each) => JSON.stringify(each)).join("\n"));
  const tried = bench(join(at, "tasks.jsonl"));
  assert.equal(await tried.end(), 1, tried.stderr);
  assert.match(tried.stdout, /^add-1 +yes /m, tried.stderr);
  assert.match(tried.stdout, /^add-2 +no /m, tried.stderr);
  assert.equal(git("status", "--porcelain"), "", "the repository is left alone");
});

function testOf(call: string, is: number): string {
  return `import assert from "node:assert/strict"; import { add } from "./add.mjs"; assert.equal(${call}, ${is});`;
}

test("[WB11] finished attempts are not repeated unless the task has changed; Ctrl-C prints the results so far", async () => {
  const tasks = await tasksOf("resumed", {
    "a/task.md": "---\ncheck: test -f solved\n---\nhonest\n",
    "b/task.md": "---\ncheck: test -f begun\ntimeout: 60\n---\nslow\n",
  });
  const results = join(folder, "results.jsonl");
  const interrupted = bench("--at-once", "1", "--results", results, tasks);
  // The first is done, the second is at work.
  const client = connect({ url: server.url });
  for await (const _ of begunIn(client));
  interrupted.signal("SIGINT");
  assert.equal(await interrupted.end(), 130, interrupted.stderr);
  assert.match(interrupted.stdout, /^a +yes +2 .*\ntotal +yes +2 /m);
  assert.equal(await conversations(), 0, "nothing is left at work");
  client.close();

  await appendFile(results, '{"task": "torn');
  await writeFile(join(tasks, "b/task.md"), "---\ncheck: test -f begun\ntimeout: 1\n---\nslow\n");
  const resumed = bench("--results", results, tasks);
  assert.equal(await resumed.end(), 0, resumed.stderr);
  assert.match(resumed.stderr, /^1 of 2 attempts are already in .*results\.jsonl\.\n✔ b/);
  assert.match(resumed.stdout, /^b +yes +1 /m, "it is stopped at its time limit, and checked anyway");
  const again = bench("--results", results, "--json", tasks);
  assert.equal(await again.end(), 0, again.stderr);
  assert.equal(again.stdout.trimEnd().split("\n").length, 1, "only the totals");

  await writeFile(results, "something else\n");
  const wrong = bench("--results", results, tasks);
  assert.equal(await wrong.end(), 1);
  assert.match(wrong.stderr, /Line 1 of .* is not a result/);
  assert.equal(await bench().end(), 2);
});

/** Ends when a conversation runs the slow task's command. */
async function* begunIn(client: ReturnType<typeof connect>): AsyncGenerator<void> {
  for (;;) {
    const { conversations: rows } = await client.list({ limit: 1, query: "touch begun" });
    if (rows.length > 0) return;
    yield;
  }
}
