import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { foldVersion, hashSources } from "./state-cache.ts";

test("[F4] the version of the fold changes with the code that is loaded, be it sources or a compiled package", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "deckhand-state-cache-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const version = (): string => hashSources(pathToFileURL(`${folder}/`));
  assert.throws(version, /no code/);
  await writeFile(join(folder, "index.d.ts"), "export {};");
  await writeFile(join(folder, "index.test.js"), "");
  assert.throws(version, /no code/, "types and tests do not count");

  await mkdir(join(folder, "state"));
  const versions: string[] = [];
  for (const extension of ["js", "mjs", "ts"]) {
    const file = join(folder, "state", `fold.${extension}`);
    for (const code of ["export const a = 1;", "export const a = 2;"]) {
      await writeFile(file, code);
      versions.push(version());
    }
    await rm(file);
  }
  assert.equal(new Set(versions).size, versions.length);
  assert.equal(foldVersion(), foldVersion());
});
