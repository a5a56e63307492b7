import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseSync } from "vite";
import { de } from "./de.ts";
import { en } from "./en.ts";
import { zhHans } from "./zh-hans.ts";

const root = join(import.meta.dirname, "..");

test("[UH1] every UI string is in the catalogue", () => {
  const files = globSync("**/*.tsx", { cwd: root });
  assert.ok(files.length > 30);
  const found = files.flatMap((file) => literalsIn(file, readFileSync(join(root, file), "utf8")));
  assert.deepEqual(found, []);
  const planted = '<p title="Some text">More {ok ? "or" : `less`} <b>{name} Done.</b> · <Field label="Name" /></p>';
  assert.deepEqual(literalsIn("planted.tsx", planted), [
    "planted.tsx: Some text",
    "planted.tsx: More",
    "planted.tsx: or",
    "planted.tsx: less",
    "planted.tsx: Done.",
    "planted.tsx: Name",
  ]);
});

test("[UH2] German and Chinese have every message of English and leave none untranslated", () => {
  const english = new Map(leaves(en));
  assert.ok(english.size > 150);
  for (const [language, messages] of Object.entries({ de, zhHans })) {
    const others = new Map(leaves(messages));
    assert.deepEqual([...others.keys()].sort(), [...english.keys()].sort(), language);
    // Names, units and shared terms are short.
    const untranslated = [...others].filter(([key, text]) => text === english.get(key) && text.length > 14);
    assert.deepEqual(
      untranslated.filter(([, text]) => / [a-z]+ /.test(text)),
      [],
      language,
    );
  }
});

type Node = Readonly<Record<string, unknown>>;

/** String literals that a person would read: text between tags, and attributes that are displayed or read aloud. */
function literalsIn(file: string, source: string): readonly string[] {
  const found: string[] = [];
  const shown = new Set(["aria-label", "placeholder", "title", "alt", "label", "description"]);
  const add = (value: unknown): void => {
    // Abbreviations, paths and addresses are the same in every language.
    if (typeof value !== "string" || /^\s*([A-Z]+|(?!\p{L}+[.…]*\s*$)\S*[./]\S*)\s*$/u.test(value)) return;
    if (/\p{L}{2}/u.test(value)) found.push(`${file}: ${value.trim()}`);
  };
  /** Adds the strings that an expression can evaluate to. */
  const addResult = (node: Node): void => {
    const child = (key: string): Node => node[key] as Node;
    if (node["type"] === "Literal") add(node["value"]);
    else if (node["type"] === "ConditionalExpression") [child("consequent"), child("alternate")].forEach(addResult);
    else if (node["type"] === "LogicalExpression") addResult(child("right"));
    else if (node["type"] === "TemplateLiteral")
      for (const part of node["quasis"] as readonly { value: { cooked: string } }[]) add(part.value.cooked);
  };
  const walk = (node: unknown, inElement: boolean): void => {
    if (Array.isArray(node)) return node.forEach((each) => walk(each, inElement));
    if (typeof node !== "object" || node === null) return;
    const current = node as Node;
    if (current["type"] === "JSXText") add(current["value"]);
    if (current["type"] === "JSXExpressionContainer" && inElement) addResult(current["expression"] as Node);
    if (current["type"] === "JSXAttribute") {
      const name = (current["name"] as Node)["name"];
      const value = current["value"] as Node | null;
      if (value !== null && shown.has(String(name)))
        addResult(value["type"] === "JSXExpressionContainer" ? (value["expression"] as Node) : value);
    }
    for (const [key, child] of Object.entries(current))
      walk(child, key === "children" && String(current["type"]).startsWith("JSX"));
  };
  walk(parseSync(file, source).program, false);
  return found;
}

/** All messages with their paths; functions are called with sample arguments. */
function leaves(messages: unknown, path = ""): readonly (readonly [key: string, text: string])[] {
  if (typeof messages === "string") return [[path, messages]];
  if (typeof messages === "function")
    return [[path, String((messages as (...given: readonly unknown[]) => unknown)(7, 7, 7))]];
  return Object.entries(messages as object).flatMap(([key, value]) => leaves(value, `${path}.${key}`));
}
