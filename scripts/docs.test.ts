import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { documents, fill } from "./docs.ts";

const root = join(import.meta.dirname, "..");
const written = documents();

for (const [path, content] of Object.entries(written)) {
  test(`[P14] ${path} is up to date`, () => {
    const advice = `${path} is out of date: run \`npm run docs\` and commit the file.`;
    assert.ok(readFileSync(join(root, path), "utf8") === content, advice);
  });
}

test("[P14] a part without a placeholder and a placeholder without a part are errors", () => {
  const text = "# T\n\n<!-- a -->\nold\n<!-- /a -->\n";
  assert.equal(fill("page.md", text, { a: "new" }), "# T\n\n<!-- a -->\n\nnew\n\n<!-- /a -->\n");
  assert.equal(fill("page.md", fill("page.md", text, { a: "new" }), { a: "new" }), fill("page.md", text, { a: "new" }));
  assert.throws(() => fill("page.md", text, { a: "new", b: "new" }), /no placeholder for b/);
  assert.throws(() => fill("page.md", text, { b: "new" }), /a placeholder "a"/);
});

test("[P14] every reference in the JSON files resolves", () => {
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
