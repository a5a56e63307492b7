/** Processes as /proc shows them. Linux only. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";

/** Pids of the other processes whose command line contains the text; arguments are separated by `\0`. */
export async function processesWith(text: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) =>
      (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).includes(text) ? [Number(pid)] : [],
    ),
  );
  return found.flat().filter((pid) => pid !== process.pid);
}

/** Polls until the condition holds. The default is for what ends soon unless the machine is busy. */
export async function until(holds: () => Promise<boolean> | boolean, withinMs = 60_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) assert.fail(`not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** CPU time that the process and its descendants have used, in seconds, including those that have ended. */
export async function cpuSecondsOf(root: number): Promise<number> {
  const stats = await Promise.all(
    [root, ...(await descendantsOf(root))].map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")),
  );
  // utime, stime, cutime and cstime, in ticks of a hundredth of a second: proc_pid_stat(5).
  const ticks = stats.flatMap((stat) =>
    stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .slice(11, 15)
      .map(Number),
  );
  return ticks.reduce((sum, each) => sum + each, 0) / 100;
}

/** Pids of all processes below one. */
export async function descendantsOf(root: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const isBelow = (pid: number): boolean => {
    for (let each = parents.get(pid); each !== undefined && each > 1; each = parents.get(each))
      if (each === root) return true;
    return false;
  };
  return [...parents.keys()].filter(isBelow);
}
