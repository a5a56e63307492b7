/**
 * Tasks in SWE-bench's format: one JSON object per line, with `instance_id`, `repo`, `base_commit`,
 * `problem_statement`, `test_patch`, `FAIL_TO_PASS` and `PASS_TO_PASS`. `test_command` runs the tests, `{tests}` in it
 * are their names.
 *
 * The agent gets that commit's files in a repository with a single commit, so later history, including the solution,
 * cannot be looked up. Before the check, the files that the test patch touches are replaced by their patched originals.
 */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { isFolder, shellQuote } from "./files.ts";
import { exportCommit, patchedFiles } from "./git-files.ts";
import type { Task } from "./task.ts";

export interface SweOptions {
  /** Folder or URL that contains the repositories, for names that are neither: `https://host/`. */
  readonly repos?: string | undefined;
  readonly testCommand?: string | undefined;
}

const defaultCommand = "python3 -m pytest -q {tests}";

interface Instance {
  readonly instance_id: string;
  readonly repo: string;
  readonly base_commit: string;
  readonly problem_statement: string;
  readonly test_patch: string;
  readonly tests: readonly string[];
  readonly test_command?: string;
}

/** Fails with an `Error` that names the line. */
export async function readSweBench(file: string, options: SweOptions): Promise<readonly Task[]> {
  const lines = (await readFile(file, "utf8")).split("\n");
  return lines.flatMap((line, at) => {
    if (line.trim() === "") return [];
    try {
      return [taskOf(instanceOf(JSON.parse(line) as unknown), dirname(file), options)];
    } catch (error) {
      throw new Error(`Line ${at + 1}: ${(error as Error).message}`, { cause: error });
    }
  });
}

function taskOf(instance: Instance, folder: string, { repos, testCommand }: SweOptions): Task {
  const { repo, base_commit: commit, test_patch: patch, tests } = instance;
  const command = instance.test_command ?? testCommand ?? defaultCommand;
  const check = command.replaceAll("{tests}", () => tests.map(shellQuote).join(" "));
  return {
    id: instance.instance_id,
    instruction: instance.problem_statement,
    check,
    limits: { seconds: 1800, checkSeconds: 900 },
    version: createHash("sha256")
      .update(JSON.stringify([instance, check]))
      .digest("base64url")
      .slice(0, 16),
    async materialize() {
      const temporary = await mkdtemp(join(tmpdir(), "deckhand-task-"));
      const remove = (): Promise<void> => rm(temporary, { recursive: true, force: true });
      try {
        const start = join(temporary, "start");
        const tested = join(temporary, "tested");
        const from = await sourceOf(repo, folder, repos);
        await exportCommit(from, commit, start);
        await exportCommit(start, "HEAD", tested);
        return { start, checkFiles: await patchedFiles(tested, patch), [Symbol.asyncDispose]: remove };
      } catch (error) {
        await remove();
        throw error;
      }
    },
  };
}

/** A folder next to the file, a URL, or a name below `repos`. */
async function sourceOf(repo: string, folder: string, repos: string | undefined): Promise<string> {
  if (/^[a-z+]+:\/\//.test(repo)) return repo;
  const sibling = resolve(folder, repo);
  if (await isFolder(sibling)) return sibling;
  if (repos !== undefined)
    return /^[a-z+]+:\/\//.test(repos) ? `${repos.replace(/\/$/, "")}/${repo}` : resolve(repos, repo);
  throw new Error(`Repository not found: ${sibling}. Pass the folder or URL that contains ${repo} with --repos.`);
}

function instanceOf(value: unknown): Instance {
  const fields = (value ?? {}) as Record<string, unknown>;
  const text = (name: string): string => {
    const found = fields[name];
    if (typeof found !== "string" || found === "") throw new Error(`${name} is missing.`);
    return found;
  };
  // The data set encodes lists as JSON strings.
  const names = (name: string): readonly string[] => {
    const found = fields[name] ?? [];
    const list: unknown = typeof found === "string" ? JSON.parse(found) : found;
    if (!Array.isArray(list) || !list.every((each) => typeof each === "string")) {
      throw new Error(`${name} must be a list of names.`);
    }
    return list;
  };
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text("base_commit")))
    throw new Error("base_commit must be a full commit hash.");
  const tests = [...names("FAIL_TO_PASS"), ...names("PASS_TO_PASS")];
  if (tests.length === 0) throw new Error("FAIL_TO_PASS names no tests.");
  const command = fields["test_command"];
  return {
    instance_id: text("instance_id"),
    repo: text("repo"),
    base_commit: text("base_commit"),
    problem_statement: text("problem_statement"),
    test_patch: text("test_patch"),
    tests,
    ...(typeof command === "string" ? { test_command: command } : {}),
  };
}
