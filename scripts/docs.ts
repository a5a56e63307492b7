/**
 * `npm run docs`: generates the reference parts of the docs from the source. In a page, everything between `<!-- NAME -->`
 * and `<!-- /NAME -->` is generated; the rest is written by hand.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { configurationTables } from "./docs/configuration.ts";
import { jsonFiles } from "./docs/json-files.ts";
import { protocolTables } from "./docs/tables.ts";

const root = join(import.meta.dirname, "..");

/** The expected content of every generated file, by its path relative to the repository. */
export function documents(): Readonly<Record<string, string>> {
  return {
    ...page("docs/PROTOCOL.md", protocolTables()),
    ...page("docs/CONFIGURATION.md", configurationTables()),
    ...jsonFiles(),
  };
}

function page(path: string, parts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return { [path]: fill(path, readFileSync(join(root, path), "utf8"), parts) };
}

/** Fails when the text lacks a placeholder for one of the parts, or has one without a part. */
export function fill(path: string, text: string, parts: Readonly<Record<string, string>>): string {
  const filledNames = new Set<string>();
  const filled = text.replaceAll(/<!-- (\w+) -->\n[^]*?<!-- \/\1 -->/g, (_, name: string) => {
    const part = parts[name];
    if (part === undefined)
      throw new Error(`${path} has a placeholder "${name}", which npm run docs does not generate.`);
    filledNames.add(name);
    return `<!-- ${name} -->\n\n${part}\n\n<!-- /${name} -->`;
  });
  const missing = Object.keys(parts).filter((name) => !filledNames.has(name));
  if (missing.length > 0) throw new Error(`${path} has no placeholder for ${missing.join(", ")}.`);
  return filled;
}

if (import.meta.main) {
  for (const [path, content] of Object.entries(documents())) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}
