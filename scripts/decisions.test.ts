import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");
const folder = join(root, "docs/decisions");
const records = globSync("[0-9]*.md", { cwd: folder }).toSorted();
const read = (path: string): string => readFileSync(join(root, path), "utf8");

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

test("every dependency has a line in the decision on libraries, and every line names a dependency", () => {
  const manifests = ["package.json", ...globSync("*/package.json", { cwd: root })].map(
    (path) => JSON.parse(read(path)) as Manifest,
  );
  const names = manifests.flatMap(({ dependencies = {}, devDependencies = {} }) =>
    Object.keys({ ...dependencies, ...devDependencies }),
  );
  const used = new Set(names.filter((name) => !/^@(deckhand|types)\//.test(name)));
  const cells = [...read("docs/decisions/0008-libraries.md").matchAll(/^\| ([^|]*`[^|]*)\|/gm)];
  const listed = new Set(
    cells.flatMap(([, cell = ""]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name)),
  );
  assert.ok(used.size > 30);
  assert.deepEqual([...listed].toSorted(), [...used].toSorted());
});

test("the index of the decisions has every record with its title", () => {
  const rows = [...read("docs/decisions/README.md").matchAll(/^\| +(\d+) +\| +\[(.+?)\]\((.+?)\)/gm)];
  const listed = rows.map(([, number, title, file]) => [file, `# ${number}. ${title}`]);
  const expected = records.map((file) => [file, read(`docs/decisions/${file}`).split("\n")[0]]);
  assert.deepEqual(listed, expected);
});

test("every link between the documents leads to a file", () => {
  const documents = globSync(["*.md", "docs/*.md", "docs/decisions/*.md"], { cwd: root });
  assert.ok(documents.length > 45);
  const broken = documents.flatMap((path) =>
    [...read(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)]
      .map(([, target = ""]) => target)
      .filter((target) => !existsSync(join(root, dirname(path), target)))
      .map((target) => `${path}: ${target}`),
  );
  assert.deepEqual(broken, []);
});
