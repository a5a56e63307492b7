/**
 * Exercism's format: `.docs/instructions.md`, and `.meta/config.json` with the names of the solution and test files.
 * The agent gets everything but these two folders, one of which contains the solution. The original tests are restored
 * before they run.
 */
import { readFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { mkdtemp, cp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { filesBelow, insidePath, isFile, shellQuote } from "./files.ts";
import { defaultLimits, versionOf, type Task } from "./task.ts";

/** Test commands by the extension of the first test file. */
const commands: Readonly<Record<string, (tests: string) => string>> = {
  ".sh": (tests) => `bash ${tests}`,
  ".bats": (tests) => `BATS_RUN_SKIPPED=true bats ${tests}`,
  ".js": () => "npm test",
  ".mjs": () => "npm test",
  ".ts": () => "npm test",
  ".py": (tests) => `python3 -m pytest -q ${tests}`,
  ".go": () => "go test ./...",
  ".rs": () => "cargo test -- --include-ignored",
  ".java": () => "./gradlew test",
  ".rb": (tests) => `for test in ${tests}; do ruby "$test" || exit 1; done`,
};

/** Undefined if the folder is not an exercise. `check` replaces the language's default command. */
export async function readExercism(folder: string, id: string, check: string | undefined): Promise<Task | undefined> {
  const config = join(folder, ".meta/config.json");
  const instructions = join(folder, ".docs/instructions.md");
  if (!(await isFile(config)) || !(await isFile(instructions))) return undefined;
  const { solution, test } = filesOf(JSON.parse(await readFile(config, "utf8")) as unknown);
  const texts = await Promise.all(
    ["introduction.md", "instructions.md", "instructions.append.md"].map((name) =>
      readFile(join(folder, ".docs", name), "utf8").catch(() => ""),
    ),
  );
  const command = check ?? commandOf(test);
  const instruction = [
    ...texts.map((text) => text.trim()).filter((text) => text !== ""),
    `Write the solution in ${solution.join(", ")}. The tests are in ${test.join(", ")}; do not change them.`,
  ].join("\n\n");
  return {
    id,
    instruction,
    check: command,
    limits: defaultLimits,
    version: await versionOf([command], folder, await filesBelow(folder)),
    async materialize() {
      const start = await mkdtemp(join(tmpdir(), "deckhand-task-"));
      const isHidden = (path: string): boolean => [".meta", ".docs"].includes(basename(path));
      await cp(folder, start, { recursive: true, filter: (path) => !isHidden(path), verbatimSymlinks: true });
      return {
        start,
        checkFiles: test.map((path) => ({ path, from: join(folder, path) })),
        [Symbol.asyncDispose]: () => rm(start, { recursive: true, force: true }),
      };
    },
  };
}

function filesOf(config: unknown): { readonly solution: readonly string[]; readonly test: readonly string[] } {
  const { solution, test } = ((config as { files?: unknown })?.files ?? {}) as Record<string, unknown>;
  const isNames = (value: unknown): value is string[] =>
    Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === "string");
  if (!isNames(solution) || !isNames(test)) {
    throw new Error(".meta/config.json needs `files.solution` and `files.test`.");
  }
  return { solution: solution.map(insidePath), test: test.map(insidePath) };
}

function commandOf(tests: readonly string[]): string {
  const kind = extname(tests[0] ?? "");
  const command = Object.hasOwn(commands, kind) ? commands[kind] : undefined;
  if (command === undefined) throw new Error(`No test command is known for ${tests[0]}. Pass one with --check.`);
  return command(tests.map(shellQuote).join(" "));
}
