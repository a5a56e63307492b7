import assert from "node:assert/strict";
import { test } from "node:test";
import { testRun } from "./test.js";

const names = (args: readonly string[]) => testRun("node", args).map(([name]) => name);
const filesOf = (args: readonly string[], phase: string) =>
  testRun("node", args)
    .find(([name]) => name === phase)
    ?.filter((arg) => arg.endsWith(".test.ts")) ?? [];

test("[S14] npm test runs the checks first and the tests that measure time last, one file at a time", () => {
  assert.deepEqual(names([]).slice(0, 2), ["types", "types of web"]);
  assert.deepEqual(names([]).slice(-2), ["tests", "timing tests"]);
  assert.ok(filesOf([], "timing tests").every((path) => path.endsWith(".timing.test.ts")));
  assert.ok(testRun("node", []).at(-1)?.includes("--test-concurrency=1"));
  assert.ok(!filesOf([], "tests").some((path) => path.endsWith(".timing.test.ts")));
});

test("[S14] npm test runs the tests of every folder", () => {
  for (const folder of ["protocol", "client", "server", "cli", "web", "test", "scripts"]) {
    assert.ok(
      filesOf([], "tests").some((path) => path.startsWith(`${folder}/`)),
      folder,
    );
  }
});

test("[S14] --unit runs units and contracts, without checks, whole-system tests and container engines", () => {
  assert.deepEqual(names(["--unit"]), ["tests"]);
  const files = filesOf(["--unit"], "tests");
  assert.ok(files.includes("server/src/runtime/bubblewrap.test.ts"), "a contract suite");
  assert.ok(files.length > 80, `${files.length} files`);
  assert.ok(!files.some((path) => /^test\/|\/container\//.test(path)));
});

test("[S14] named files run without the checks, and those that measure time after the others", () => {
  assert.deepEqual(names(["a.timing.test.ts", "b.test.ts"]), ["tests", "timing tests"]);
  assert.deepEqual(filesOf(["a.timing.test.ts", "b.test.ts"], "timing tests"), ["a.timing.test.ts"]);
});
