/** Reads the tasks in a folder or a file, in order. */
import { readdir } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { readExercism } from "./exercism.ts";
import { isFile, isFolder } from "./files.ts";
import { readDeckhandTask } from "./deckhand-format.ts";
import { readSweBench, type SweOptions } from "./swe-bench.ts";
import type { Task } from "./task.ts";

export interface ReadOptions extends SweOptions {
  /** Replaces the default test command of an exercise's language. */
  readonly check?: string | undefined;
}

/** `exercises/practice/NAME` is three levels deep; anything deeper is not a folder of tasks. */
const maxDepth = 4;

/** Fails with an `Error` that names the invalid task, or if there are no tasks. */
export async function readTasks(path: string, options: ReadOptions): Promise<readonly Task[]> {
  if (!(await isFile(path)) && !(await isFolder(path))) throw new Error(`Not found: ${path}`);
  const tasks = (await isFile(path)) ? await readSweBench(path, options) : await inFolder(path, path, options, 0);
  if (tasks.length === 0) {
    throw new Error(`No tasks in ${path}: expected task.md, task.yaml, .meta/config.json or *.jsonl.`);
  }
  const ids = new Set<string>();
  for (const { id } of tasks) {
    if (ids.has(id)) throw new Error(`Duplicate task ID: ${id}`);
    ids.add(id);
  }
  return tasks;
}

async function inFolder(root: string, folder: string, options: ReadOptions, depth: number): Promise<readonly Task[]> {
  const id = relative(root, folder) || basename(folder);
  const task = await inContext(
    id,
    async () => (await readDeckhandTask(folder, id)) ?? (await readExercism(folder, id, options.check)),
  );
  if (task !== undefined) return [task];
  if (depth === maxDepth) return [];
  const entries = (await readdir(folder, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const tasks: Task[] = [];
  for (const entry of entries) {
    const at = join(folder, entry.name);
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    if (entry.isDirectory()) tasks.push(...(await inFolder(root, at, options, depth + 1)));
    else if (entry.isFile() && entry.name.endsWith(".jsonl")) {
      tasks.push(...(await inContext(relative(root, at), () => readSweBench(at, options))));
    }
  }
  return tasks;
}

/** Prefixes errors with the task. */
async function inContext<T>(id: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new Error(`${id}: ${(error as Error).message}`, { cause: error });
  }
}
