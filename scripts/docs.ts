/**
 * `npm run docs`: writes what the docs say of the protocol from the protocol itself. In docs/PROTOCOL.md what stands
 * between `<!-- NAME -->` and `<!-- /NAME -->` is written here, and the rest by hand.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { jsonFiles } from "./docs/json-files.ts";
import { tables } from "./docs/tables.ts";

const root = join(import.meta.dirname, "..");
const page = "docs/PROTOCOL.md";

/** What the files should hold, by their path from the root on. */
export function documents(): Readonly<Record<string, string>> {
  return { [page]: fill(readFileSync(join(root, page), "utf8"), tables()), ...jsonFiles() };
}

/** Fails when a place is missing in the text, or the text names one that there is no table for. */
export function fill(text: string, parts: Readonly<Record<string, string>>): string {
  const places = new Set<string>();
  const filled = text.replaceAll(/<!-- (\w+) -->\n[^]*?<!-- \/\1 -->/g, (_, name: string) => {
    const part = parts[name];
    if (part === undefined) throw new Error(`${page} has a place for "${name}", which is not written by npm run docs.`);
    places.add(name);
    return `<!-- ${name} -->\n\n${part}\n\n<!-- /${name} -->`;
  });
  const missing = Object.keys(parts).filter((name) => !places.has(name));
  if (missing.length > 0) throw new Error(`${page} has no place for ${missing.join(", ")}.`);
  return filled;
}

if (import.meta.main) {
  for (const [path, content] of Object.entries(documents())) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}
