import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { documents, fill } from "./docs.ts";

const root = join(import.meta.dirname, "..");
const written = documents();

for (const [path, content] of Object.entries(written)) {
  test(`[P14] ${path} says what the protocol says`, () => {
    const advice = `${path} is not what \`npm run docs\` writes: run it and commit the file.`;
    assert.ok(readFileSync(join(root, path), "utf8") === content, advice);
  });
}

test("[P14] a part without a place in the page, and a place without a part, are mistakes", () => {
  const text = "# T\n\n<!-- a -->\nold\n<!-- /a -->\n";
  assert.equal(fill(text, { a: "new" }), "# T\n\n<!-- a -->\n\nnew\n\n<!-- /a -->\n");
  assert.equal(fill(fill(text, { a: "new" }), { a: "new" }), fill(text, { a: "new" }));
  assert.throws(() => fill(text, { a: "new", b: "new" }), /no place for b/);
  assert.throws(() => fill(text, { b: "new" }), /a place for "a"/);
});

test("[P14] every reference in the JSON files leads somewhere", () => {
  const files = Object.entries(written).filter(([path]) => path.endsWith(".json"));
  assert.ok(files.length >= 5);
  for (const [path, content] of files) {
    const whole: unknown = JSON.parse(content);
    const references = referencesIn(whole);
    assert.ok(references.length > 1, `${path}: ${references.length} references`);
    for (const reference of references) {
      const [file = "", pointer = ""] = reference.split("#");
      const target: unknown = file === "" ? whole : JSON.parse(written[join(dirname(path), file)] ?? "null");
      assert.notEqual(lookUp(target, pointer), undefined, `${path}: ${reference}`);
    }
  }
});

function referencesIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "$ref" && typeof inner === "string" ? [inner] : referencesIn(inner),
  );
}

function lookUp(whole: unknown, pointer: string): unknown {
  let value = whole;
  for (const step of pointer.split("/").slice(1)) {
    value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[step] : undefined;
  }
  return value;
}
