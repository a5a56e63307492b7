import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

interface Locked {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly integrity?: string;
  readonly link?: boolean;
}

for (const lockfile of ["package-lock.json", "scripts/node24/package-lock.json"]) {
  const { packages } = JSON.parse(readFileSync(join(import.meta.dirname, "..", lockfile), "utf8")) as {
    readonly packages: Readonly<Record<string, Locked>>;
  };

  test(`[S10] ${lockfile} has the binaries of every platform, so that npm ci takes it on each`, () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((name) => !isLocked(packages, path, name)),
    );
    assert.deepEqual(missing, [], "Take a version of the package of which the registry has all the binaries.");
  });

  test(`[S10] every package in ${lockfile} is locked with its integrity, and none by the address of a registry`, () => {
    const foreign = Object.entries(packages).filter(([path, { link }]) => path.includes("node_modules/") && !link);
    assert.ok(foreign.length > 1);
    for (const [path, { integrity }] of foreign) assert.match(integrity ?? "", /^sha512-/, path);
    assert.doesNotMatch(readFileSync(join(import.meta.dirname, "..", lockfile), "utf8"), /"resolved": "https?:/);
  });
}

/** Whether a package at `path` resolves the other one: next to it, or further up. */
function isLocked(packages: object, path: string, name: string): boolean {
  const folders = path.split("node_modules/").map((_, index, parts) => parts.slice(0, index + 1).join("node_modules/"));
  return folders.some((folder) => `${folder.replace(/\/?$/, "/").replace(/^\//, "")}node_modules/${name}` in packages);
}
