import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { parseTaskYaml } from "./task-yaml.ts";
import { readTasks } from "./read-tasks.ts";

const root = await mkdtemp(join(tmpdir(), "deckhand-tasks-"));
after(() => rm(root, { recursive: true, force: true }));
let folderCount = 0;

async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(root, String((folderCount += 1)));
  await mkdir(folder);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

test("[WB6] a task's YAML maps keys to text; anything else is refused with its line", () => {
  assert.deepEqual(
    parseTaskYaml(
      `# a comment\na: plain # and a comment\nb: "two\\nlines"\nc: 'it''s'\nd: |\n  one\n\n    two\ne: >-\n  one\n  two\nf:\n`,
    ),
    { a: "plain", b: "two\nlines", c: "it's", d: "one\n\n  two\n", e: "one two", f: "" },
  );
  for (const [text, message] of [
    ["a: 1\n- b", /Line 2: Implicit keys/],
    ["a: [1]", /Line 1: a must be text or a number/],
    ["a:\n  b: 1", /Line 2: a must be text/],
    ["a: 1\na: 2", /Line 2: Map keys must be unique/],
    ['a: "x', /Line 1: Missing closing/],
  ] as const) {
    assert.throws(() => parseTaskYaml(text), message);
  }
});

test("[WB6] Deckhand tasks are read with their limits and files, and their version changes with any of them", async () => {
  const folder = await folderOf({
    "b/task.md": "---\ncheck: test -f x\ntimeout: 5\nmax_steps: 3\n---\n\nMake x.\n",
    "a/task.yaml": "instruction: |\n  Make y.\ncheck: test -f y\n",
    "a/start/src/in.txt": "in",
    "a/check/t/check.sh": "exit 0",
    "notes.txt": "no task",
  });
  const [a, b, ...more] = await readTasks(folder, {});
  assert.deepEqual([a?.id, b?.id, more.length], ["a", "b", 0]);
  assert.deepEqual(
    [a?.instruction, a?.check, b?.instruction, b?.limits.seconds],
    ["Make y.", "test -f y", "Make x.", 5],
  );
  await using provided = await a!.materialize();
  assert.deepEqual(provided, { ...provided, start: join(folder, "a/start") });
  assert.deepEqual(provided.checkFiles, [{ path: "t/check.sh", from: join(folder, "a/check/t/check.sh") }]);
  assert.equal((await readTasks(folder, {}))[0]?.version, a?.version);
  await writeFile(join(folder, "a/check/t/check.sh"), "exit 1");
  assert.notEqual((await readTasks(folder, {}))[0]?.version, a?.version);
  assert.deepEqual(
    (await readTasks(join(folder, "b"), {})).map(({ id }) => id),
    ["b"],
  );

  for (const [text, message] of [
    ["Make x.", /: x: Expected front matter/],
    ["---\ncheck: true\n---\n", /instruction is missing/],
    ["---\ntimeout: 5\n---\nMake x.", /check is missing/],
    ["---\ncheck: true\nsteps: 5\n---\nMake x.", /Unknown field "steps"/],
    ["---\ncheck: true\ntimeout: soon\n---\nMake x.", /timeout must be a number/],
  ] as const) {
    const wrong = await folderOf({ "x/task.md": text });
    await assert.rejects(readTasks(wrong, {}), message);
  }
  await assert.rejects(readTasks(await folderOf({ "x.txt": "" }), {}), /No tasks in/);
  await assert.rejects(readTasks(join(folder, "nothing"), {}), /Not found/);
});

test("[WB7] an exercise comes without its solution, and its original tests are restored for the check", async () => {
  const files = { solution: ["leap.py"], test: ["leap_test.py"], example: [".meta/example.py"] };
  const folder = await folderOf({
    "exercises/practice/leap/.meta/config.json": JSON.stringify({ files }),
    "exercises/practice/leap/.meta/example.py": "the solution",
    "exercises/practice/leap/.docs/instructions.md": "# Leap\n\nIs it one?",
    "exercises/practice/leap/.docs/instructions.append.md": "In Python.",
    "exercises/practice/leap/leap.py": "pass",
    "exercises/practice/leap/leap_test.py": "assert",
  });
  const [task] = await readTasks(folder, {});
  assert.equal(task?.id, "exercises/practice/leap");
  assert.match(task?.instruction ?? "", /^# Leap\n\nIs it one\?\n\nIn Python\.\n\nWrite the solution in leap\.py\./);
  assert.equal(task?.check, "python3 -m pytest -q 'leap_test.py'");
  assert.equal((await readTasks(folder, { check: "make test" }))[0]?.check, "make test");
  let start = "";
  {
    await using provided = await task.materialize();
    start = provided.start ?? "";
    assert.deepEqual((await readdir(start)).toSorted(), ["leap.py", "leap_test.py"]);
    const checkFile = join(folder, "exercises/practice/leap/leap_test.py");
    assert.deepEqual(provided.checkFiles, [{ path: "leap_test.py", from: checkFile }]);
  }
  await assert.rejects(readdir(start), { code: "ENOENT" });

  const leading = { solution: ["a.py"], test: ["../../etc/passwd"] };
  for (const [config, message] of [
    [JSON.stringify({ files: leading }), /not a path inside/],
    [JSON.stringify({ files: { solution: ["a"], test: ["a.zz"] } }), /--check/],
    ["{}", /files\.solution/],
    ["{", /JSON/],
  ] as const) {
    const wrong = await folderOf({ ".meta/config.json": config, ".docs/instructions.md": "x" });
    await assert.rejects(readTasks(wrong, {}), message);
  }
});

test("[WB8] a SWE-bench task has its commit's files without later history, and its tests in their patched state", async () => {
  const folder = await folderOf({
    "repo/add.mjs": "export const add = (a, b) => a - b;\n",
    "repo/old.test.mjs": "old\n",
  });
  const git = (...args: readonly string[]): string =>
    execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@x", ...args], {
      cwd: join(folder, "repo"),
      encoding: "utf8",
    });
  git("init", "-q", "-b", "main");
  git("add", "-A");
  git("commit", "-qm", "The first");
  const base = git("rev-parse", "HEAD").trim();
  await writeFile(join(folder, "repo/add.mjs"), "export const add = (a, b) => a + b;\n");
  git("commit", "-qam", "The solution");
  const patch = [
    "diff --git a/new.test.mjs b/new.test.mjs\nnew file mode 100644\n--- /dev/null\n+++ b/new.test.mjs\n@@ -0,0 +1 @@\n+new\n",
    "diff --git a/old.test.mjs b/old.test.mjs\ndeleted file mode 100644\n--- a/old.test.mjs\n+++ /dev/null\n@@ -1 +0,0 @@\n-old\n",
  ].join("");
  const instance = {
    instance_id: "repo__add-1",
    repo: "repo",
    base_commit: base,
    problem_statement: "add subtracts",
    test_patch: patch,
    FAIL_TO_PASS: '["new.test.mjs"]',
    PASS_TO_PASS: ["it's"],
  };
  await writeFile(join(folder, "tasks.jsonl"), `${JSON.stringify(instance)}\n`);
  const [task] = await readTasks(join(folder, "tasks.jsonl"), { testCommand: "node --test {tests}" });
  assert.deepEqual([task?.id, task?.instruction], ["repo__add-1", "add subtracts"]);
  assert.equal(task?.check, `node --test 'new.test.mjs' 'it'\\''s'`);
  {
    await using provided = await task.materialize();
    const start = provided.start ?? "";
    assert.match(await readFile(join(start, "add.mjs"), "utf8"), /a - b/);
    const inside = (...args: readonly string[]): string =>
      execFileSync("git", ["-C", start, ...args], { encoding: "utf8" });
    assert.equal(inside("rev-list", "--all", "--count").trim(), "1");
    assert.equal(inside("status", "--porcelain"), "");
    assert.doesNotMatch(inside("log", "--all", "--format=%B"), /solution|first/i);
    const [added, removed, ...others] = provided.checkFiles.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    assert.deepEqual(
      [added?.path, removed?.path, removed?.from, others.length],
      ["new.test.mjs", "old.test.mjs", null, 0],
    );
    assert.equal(await readFile(added?.from ?? "", "utf8"), "new\n");
  }
  for (const [change, message] of [
    [{ base_commit: "main" }, /Line 1: base_commit/],
    [{ test_patch: "" }, /test_patch is missing/],
    [{ FAIL_TO_PASS: [], PASS_TO_PASS: [] }, /names no tests/],
  ] as const) {
    await writeFile(join(folder, "wrong.jsonl"), JSON.stringify({ ...instance, ...change }));
    await assert.rejects(readTasks(join(folder, "wrong.jsonl"), {}), message);
  }
  await writeFile(join(folder, "tasks.jsonl"), JSON.stringify({ ...instance, repo: "some/where" }));
  const [elsewhere] = await readTasks(join(folder, "tasks.jsonl"), {});
  await assert.rejects(elsewhere!.materialize(), /--repos/);
  await writeFile(
    join(folder, "tasks.jsonl"),
    JSON.stringify({ ...instance, test_patch: patch.replace("-old", "-other") }),
  );
  const [torn] = await readTasks(join(folder, "tasks.jsonl"), {});
  await assert.rejects(torn!.materialize(), /git apply failed/);
});
