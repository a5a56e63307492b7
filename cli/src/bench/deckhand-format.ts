/**
 * Deckhand's own task format: one folder per task.
 *
 *   task.md      front matter with `check: COMMAND` and limits, then the instruction
 *   task.yaml    the same fields, with `instruction: |`
 *   start/       the initial workspace
 *   check/       copied over the workspace before the check; the agent never sees it
 *
 * Limits: `timeout` and `check_timeout` in seconds, `max_steps`, `max_cost_usd`.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { filesBelow, isFile, isFolder } from "./files.ts";
import { parseTaskYaml } from "./task-yaml.ts";
import { defaultLimits, filesInPlace, versionOf, type Task, type TaskLimits } from "./task.ts";

const known = ["instruction", "check", "timeout", "check_timeout", "max_steps", "max_cost_usd"];

/** Undefined if the folder is not such a task. Fails with an `Error` that says what is wrong with it. */
export async function readDeckhandTask(folder: string, id: string): Promise<Task | undefined> {
  const name = (await isFile(join(folder, "task.md"))) ? "task.md" : "task.yaml";
  if (!(await isFile(join(folder, name)))) return undefined;
  const text = await readFile(join(folder, name), "utf8");
  const values = name === "task.md" ? frontMatter(text) : parseTaskYaml(text);
  const unknown = Object.keys(values).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new Error(`Unknown field "${unknown}"; expected ${known.join(", ")}.`);
  const { instruction = "", check = "" } = values;
  if (instruction.trim() === "") throw new Error("The instruction is missing.");
  if (check.trim() === "")
    throw new Error("The check is missing: a command that exits with 0 when the task is solved.");
  const start = join(folder, "start");
  const checks = await filesBelow(join(folder, "check"));
  return {
    id,
    instruction: instruction.trim(),
    check,
    limits: limitsOf(values),
    version: await versionOf([], folder, await filesBelow(folder)),
    materialize: async () =>
      filesInPlace(
        (await isFolder(start)) ? start : undefined,
        checks.map((path) => ({ path, from: join(folder, "check", path) })),
      ),
  };
}

function frontMatter(text: string): Readonly<Record<string, string>> {
  const [, head = "", instruction = ""] = /^---\r?\n([\s\S]*?)\n---\r?\n([\s\S]*)$/.exec(text) ?? [];
  if (head === "") throw new Error("Expected front matter (`---`, `check: COMMAND`, `---`) and then the instruction.");
  return { ...parseTaskYaml(head, 2), instruction };
}

function limitsOf(values: Readonly<Record<string, string>>): TaskLimits {
  const number = (name: string): number | undefined => {
    const text = values[name];
    if (text === undefined) return undefined;
    const value = Number(text);
    if (text.trim() === "" || !(value > 0) || value > 86_400) throw new Error(`${name} must be a number above 0.`);
    return value;
  };
  return {
    seconds: number("timeout") ?? defaultLimits.seconds,
    checkSeconds: number("check_timeout") ?? defaultLimits.checkSeconds,
    maxSteps: number("max_steps"),
    maxCostUsd: number("max_cost_usd"),
  };
}
