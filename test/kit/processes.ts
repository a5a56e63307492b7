/** The processes of this machine, as /proc shows them. Linux only. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";

/** Processes, not this one, whose command line has the text; arguments are separated by `\0`. */
export async function processesWith(text: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) =>
      (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).includes(text) ? [Number(pid)] : [],
    ),
  );
  return found.flat().filter((pid) => pid !== process.pid);
}

/** Looks until it holds; fails when the time is over. Returns the milliseconds that it took. */
export async function until(holds: () => Promise<boolean> | boolean, withinMs: number): Promise<number> {
  const startedAt = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedAt > withinMs) assert.fail(`not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return performance.now() - startedAt;
}
