/** The size of what the built UI loads before it renders. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const dist = join(import.meta.dirname, "../web/dist");
const maxKb = 350;

test("[UH4] the UI starts with at most 350 kB of compressed JavaScript, all from its own server", (context) => {
  const page = readFileSync(join(dist, "index.html"), "utf8");
  // Vite lists the entry and all of its static imports.
  const scripts = [...page.matchAll(/(?:src|href)="\/?([^"]+\.js)"/g)].map(([, path = ""]) => path);
  assert.ok(scripts.some((path) => path.startsWith("assets/index-")));
  const sizes = scripts.map((path) => gzipSync(readFileSync(join(dist, path))).length);
  const kb = sizes.reduce((sum, size) => sum + size, 0) / 1000;
  context.diagnostic(`${kb.toFixed(0)} kB in ${scripts.length} files`);
  assert.ok(kb < maxKb, `${kb.toFixed(0)} kB`);
  assert.doesNotMatch(page, /(?:src|href)="(?:https?:)?\/\//);
  assert.doesNotMatch(page, /<script(?![^>]* src=)|<style| style=| on\w+=/);
});
