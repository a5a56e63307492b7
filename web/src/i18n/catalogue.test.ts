import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseSync } from "vite";
import { de } from "./de.ts";
import { en } from "./en.ts";
import { zhHans } from "./zh-hans.ts";

const root = join(import.meta.dirname, "..");

test("[UH1] every text of the page is in the catalogue", () => {
  const files = globSync("**/*.tsx", { cwd: root });
  assert.ok(files.length > 30);
  const found = files.flatMap((file) => literalsIn(file, readFileSync(join(root, file), "utf8")));
  assert.deepEqual(found, []);
  const planted = '<p title="Some words">More {ok ? "or" : `less`} <b>{name} Done.</b> · <Field label="Name" /></p>';
  assert.deepEqual(literalsIn("planted.tsx", planted), [
    "planted.tsx: Some words",
    "planted.tsx: More",
    "planted.tsx: or",
    "planted.tsx: less",
    "planted.tsx: Done.",
    "planted.tsx: Name",
  ]);
});

test("[UH2] German and Chinese say everything that English says, in words of their own", () => {
  const english = new Map(leaves(en));
  assert.ok(english.size > 150);
  for (const [language, words] of Object.entries({ de, zhHans })) {
    const others = new Map(leaves(words));
    assert.deepEqual([...others.keys()].sort(), [...english.keys()].sort(), language);
    // A name, a unit or a word that both languages have is short.
    const same = [...others].filter(([key, text]) => text === english.get(key) && text.length > 14);
    assert.deepEqual(
      same.filter(([, text]) => / [a-z]+ /.test(text)),
      [],
      language,
    );
  }
});

type Node = Readonly<Record<string, unknown>>;

/** What a person would read: text between tags, and attributes that are read out or shown. */
function literalsIn(file: string, source: string): readonly string[] {
  const found: string[] = [];
  const shown = new Set(["aria-label", "placeholder", "title", "alt", "label", "description"]);
  const add = (value: unknown): void => {
    // An abbreviation as systems write it, a path, an address: the same in every language.
    if (typeof value !== "string" || /^\s*([A-Z]+|(?!\p{L}+[.…]*\s*$)\S*[./]\S*)\s*$/u.test(value)) return;
    if (/\p{L}{2}/u.test(value)) found.push(`${file}: ${value.trim()}`);
  };
  /** The strings that an expression can come to. */
  const addResult = (node: Node): void => {
    const of = (key: string): Node => node[key] as Node;
    if (node["type"] === "Literal") add(node["value"]);
    else if (node["type"] === "ConditionalExpression") [of("consequent"), of("alternate")].forEach(addResult);
    else if (node["type"] === "LogicalExpression") addResult(of("right"));
    else if (node["type"] === "TemplateLiteral")
      for (const part of node["quasis"] as readonly { value: { cooked: string } }[]) add(part.value.cooked);
  };
  const walk = (node: unknown, inElement: boolean): void => {
    if (Array.isArray(node)) return node.forEach((each) => walk(each, inElement));
    if (typeof node !== "object" || node === null) return;
    const it = node as Node;
    if (it["type"] === "JSXText") add(it["value"]);
    if (it["type"] === "JSXExpressionContainer" && inElement) addResult(it["expression"] as Node);
    if (it["type"] === "JSXAttribute") {
      const name = (it["name"] as Node)["name"];
      const value = it["value"] as Node | null;
      if (value !== null && shown.has(String(name)))
        addResult(value["type"] === "JSXExpressionContainer" ? (value["expression"] as Node) : value);
    }
    for (const [key, child] of Object.entries(it))
      walk(child, key === "children" && String(it["type"]).startsWith("JSX"));
  };
  walk(parseSync(file, source).program, false);
  return found;
}

/** Functions are called with something, so that their words are seen, too. */
function leaves(words: unknown, path = ""): readonly (readonly [key: string, text: string])[] {
  if (typeof words === "string") return [[path, words]];
  if (typeof words === "function")
    return [[path, String((words as (...given: readonly unknown[]) => unknown)(7, 7, 7))]];
  return Object.entries(words as object).flatMap(([key, value]) => leaves(value, `${path}.${key}`));
}
