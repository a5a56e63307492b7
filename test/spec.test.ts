import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");
const spec = readFileSync(join(root, "docs/SPEC.md"), "utf8");
const rules = [...spec.matchAll(/^- \*\*([A-Z]{1,2}\d+)\*\* /gm)].map(([, id]) => id ?? "");
const sources = globSync("{protocol,client,server,cli,web,bench,test,scripts}/**/*.{test,contract}.ts", {
  cwd: root,
  exclude: (path) => /(^|\/)(node_modules|dist)(\/|$)/.test(path),
}).map((path) => readFileSync(join(root, path), "utf8"));

/** A title may have several ids: `[W3][W4] …`; planted rules in fixtures start with a lower-case letter. */
const carried = new Set(
  sources.flatMap((source) => [...source.matchAll(/\[([A-Z]{1,2}\d+)\]/g)].map(([, id]) => id ?? "")),
);

test("[S11] every rule of SPEC.md is in the title of a test, and every rule in a title is in SPEC.md", () => {
  assert.ok(rules.length > 50 && sources.length > 30, `${rules.length} rules, ${sources.length} files`);
  assert.deepEqual(
    rules.filter((id) => !carried.has(id)),
    [],
    "rules without a test",
  );
  assert.deepEqual(
    [...carried].filter((id) => !rules.includes(id)),
    [],
    "tests without a rule",
  );
});

test("[S12] no rule is listed twice", () => {
  assert.deepEqual(
    rules.filter((id, index) => rules.indexOf(id) !== index),
    [],
  );
});
