import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findFileCycles, findViolations, importsOf, isTest, type SourceFile } from "./imports/check.ts";
import { packages, table } from "./imports/table.ts";

const root = join(import.meta.dirname, "..");

const files: readonly SourceFile[] = globSync(
  "{protocol,client,web,cli,server,bench,test,scripts}/**/*.{ts,tsx,js,jsx}",
  {
    cwd: root,
    exclude: (path) => /(^|\/)(node_modules|dist)(\/|$)/.test(path),
  },
).map((path) => ({ path, source: readFileSync(join(root, path), "utf8") }));

test("[S9] every import is allowed by the table, and no folders import each other in a cycle", () => {
  assert.deepEqual(findViolations(files), []);
});

test("[S9] no files import each other in a cycle, not even types or lazily", () => {
  assert.deepEqual(findFileCycles(files), []);
});

test("[S15] no folder has more than fifteen source files, tests not counted", () => {
  const counts = new Map<string, number>();
  for (const { path } of files) {
    if (/\.(?:test|contract|test-kit|child)\.[jt]sx?$|^bench\/tasks\//.test(path)) continue;
    const folder = path.slice(0, path.lastIndexOf("/"));
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  assert.ok(counts.size > 80, `${counts.size} folders`);
  assert.deepEqual(
    [...counts].filter(([, count]) => count > 15),
    [],
  );
});

test("[S9] the check reads the sources, and most of them import something", () => {
  const code = files.filter((file) => !isTest(file.path));
  assert.ok(code.length > 60, `${code.length} files`);
  const imports = code.flatMap(importsOf);
  assert.ok(imports.length > 150, `${imports.length} imports`);
  for (const folder of ["protocol", "client", "server/src/ws", "server/src/agent"]) {
    assert.ok(
      imports.some(({ from }) => from.startsWith(`${folder}/`)),
      folder,
    );
  }
});

test("[S9] each row of the table names a folder or file that exists", () => {
  const known = (path: string) => files.some((file) => file.path === path || file.path.startsWith(`${path}/`));
  const named = [
    ...table.flatMap((unit) => [unit.path, ...unit.mayImport, ...Object.entries(unit.also ?? {}).flat()]),
    ...Object.values(packages),
  ];
  assert.deepEqual(
    [...new Set(named)].filter((path) => path !== "*" && !known(path)),
    [],
  );
});

const plants: readonly (readonly [path: string, source: string, violation: string])[] = [
  ["server/src/ws/x.ts", 'import type { A } from "../agent/turn.ts";', "may not import server/src/agent/turn.ts"],
  ["server/src/agent/x.ts", 'import { a } from "../llm/prices.ts";', "may not import server/src/llm/prices.ts"],
  [
    "server/src/conversation/x.ts",
    'export * from "../store/sqlite/sqlite-store.ts";',
    "may not import server/src/store/sqlite/sqlite-store.ts",
  ],
  [
    "server/src/tools/x.ts",
    'export type { A } from "../config/config.ts";',
    "may not import server/src/config/config.ts",
  ],
  ["server/src/store/x.ts", 'const a = await import("../http/routes.ts");', "may not import server/src/http/routes.ts"],
  [
    "server/src/runtime/x.ts",
    'type A = import("../store/sqlite/sqlite-store.ts").A;',
    "may not import server/src/store/sqlite/sqlite-store.ts",
  ],
  ["cli/src/commands/run.ts", 'import { serve } from "@deckhand/server";', "may not import server/src/main.ts"],
  ["web/src/x.tsx", 'import "../../server/src/config/config.ts";', "may not import server/src/config/config.ts"],
  ["protocol/src/x.ts", 'import { readFileSync } from "node:fs";', "may not import node:fs"],
  ["client/src/x.ts", 'import { Hono } from "hono";', "may not import hono"],
  ["server/src/misc/x.ts", 'import { z } from "zod";', "is in no folder of the table"],
];

for (const [path, source, violation] of plants) {
  test(`[S9] a planted violation is found: ${source} in ${path}`, () => {
    assert.deepEqual(findViolations([{ path, source }]), [`${path} ${violation}`]);
  });
}

test("[S9] a planted cycle of folders is found", () => {
  const violations = findViolations([
    { path: "server/src/main.ts", source: 'import "./ws/x.ts";' },
    { path: "server/src/ws/x.ts", source: 'import "../main.ts";' },
  ]);
  assert.deepEqual(violations, [
    "server/src/ws/x.ts may not import server/src/main.ts",
    "cycle: server/src/main.ts > server/src/ws > server/src/main.ts",
  ]);
});

const plantedCycles: readonly (readonly [name: string, sources: readonly string[]])[] = [
  ["of two files", ['import { b } from "./b.ts";', 'import { a } from "./a.ts";']],
  ["of types", ['import type { B } from "./b.ts";', 'export type { A } from "./a.ts";']],
  ["with a lazy import", ['const b = await import("./b.ts");', 'import "./a.ts";']],
  ["over three files", ['import "./b.ts";', 'import "./c.ts";', 'type A = import("./a.ts").A;']],
];

for (const [name, sources] of plantedCycles) {
  test(`[S9] a planted cycle ${name} is found`, () => {
    const planted = sources.map((source, at) => ({ path: `server/src/x/${"abc"[at]}.ts`, source }));
    assert.deepEqual(findFileCycles(planted), [`cycle: ${planted.map(({ path }) => path).join(", ")}`]);
    assert.deepEqual(findFileCycles(planted.slice(1)), []);
  });
}
