import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findRetired, wordsOf, type TextFile } from "./vocabulary/check.ts";
import { quotations } from "./vocabulary/retired.ts";

const root = join(import.meta.dirname, "..");
const paths = globSync(
  "{*.md,docs/**/*.md,{protocol,client,server,cli,web,bench,test,scripts}/**/*.{ts,tsx,js,jsx,md,sh}}",
  { cwd: root, exclude: (path) => /(^|\/)(node_modules|dist|tasks)(\/|$)/.test(path) },
);
const files: readonly TextFile[] = paths.map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));

test("[S13] no file name, identifier, comment, string or document uses a retired word", () => {
  assert.ok(files.length > 900, `${files.length} files`);
  assert.deepEqual(
    files.flatMap((file) => findRetired(file)),
    [],
  );
});

test("[S13] every entry of the allow-list is needed", () => {
  const unused = quotations.filter(({ path }) => {
    const others = quotations.filter((quotation) => quotation.path !== path);
    const quoting = files.filter((file) => file.path === path || file.path.startsWith(`${path}/`));
    return quoting.every((file) => findRetired(file, others).length === 0);
  });
  assert.deepEqual(unused, []);
});

const plants: readonly (readonly [path: string, text: string, finding: string])[] = [
  ["server/src/runtime/wall/probe.ts", "", 'server/src/runtime/wall/probe.ts: "wall", use: sandbox'],
  ["server/src/x.ts", "\nconst keptRows = 1;", 'server/src/x.ts:2: "kept", use: retained, stored, cached'],
  ["server/src/x.ts", "class A { #told = 1; }", 'server/src/x.ts:1: "told", use: notified, reported'],
  ["server/src/x.ts", "const mostBytes = 1;", 'server/src/x.ts:1: "mostBytes", use: max…'],
  [
    "server/src/x.ts",
    "/**\n * For\n * whoever asks. */",
    'server/src/x.ts:3: "whoever", use: the client, the caller, a person: name the actor',
  ],
  ["web/src/x.tsx", "const a = <p>Make it the usual model</p>;", 'web/src/x.tsx:1: "usual model", use: default'],
  [
    "web/src/x.ts",
    "const a = `${1} is another in the workspace than before`;",
    'web/src/x.ts:1: "is another in the workspace than", use: differs from, has changed since',
  ],
  ["docs/X.md", "All of it lies in the workspace.", 'docs/X.md:1: "lies in", use: is in'],
];

for (const [path, text, finding] of plants) {
  test(`[S13] a planted word is found: ${JSON.stringify(text)} in ${path}`, () => {
    assert.deepEqual(findRetired({ path, text }), [finding]);
  });
}

test("[S13] an identifier is compared word by word", () => {
  assert.deepEqual(wordsOf("keptHTTPRows_OF_x2"), ["kept", "http", "rows", "of", "x"]);
  assert.deepEqual(findRetired({ path: "server/src/x.ts", text: "const mailbox = checkbox + almostAll;" }), []);
});
