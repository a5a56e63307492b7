/**
 * A control group per sandbox limits memory, processes and CPU time of everything in it together. Sources: the kernel's
 * admin-guide/cgroup-v1 and cgroup-v2.rst, cgroups(7).
 *
 *   created --enter(): the launcher joins before it is told what to run--> in use
 *   in use --close(): all processes are dead--> removed
 *
 * The folder's name contains the server's pid and start time; the next server removes those of a server that is gone
 * (cgroup-paths.ts).
 */
import { accessSync, closeSync, openSync, readSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { mkdir, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { statOf } from "../../processes.ts";
import { cgroupName, type CgroupPaths } from "./cgroup-paths.ts";
import type { LimitHit, Limits } from "./limits.ts";

export interface Cgroup {
  /** Adds the process, and so its future children. Rejects with the system's error. */
  enter(pid: number): Promise<void>;
  /** The most severe limit that was hit since the last call. */
  takeHit(): LimitHit | undefined;
  /** Removes it once nothing runs in it. */
  close(): Promise<void>;
}

const cpuPeriodUs = 100_000;
/** The kernel accepts no smaller one. */
const minCpuQuotaUs = 1000;
/** The kernel takes a moment to release dead processes. */
const maxRemoveAttempts = 25;
const removeRetryMs = 20;

/** If it fails, with the system's error, nothing is left behind. */
export async function createCgroup(paths: CgroupPaths, limits: Limits): Promise<Cgroup> {
  const name = cgroupName(process.pid, statOf(process.pid)?.startTick ?? 0, randomBytes(6).toString("hex"));
  const folders = Object.fromEntries(Object.entries(paths.folders).map(([key, parent]) => [key, join(parent, name)]));
  const all = [...new Set(Object.values(folders))];
  const counters: Counter[] = [];
  const close = async () => {
    for (const { fd } of counters.splice(0)) closeSync(fd);
    await Promise.all(all.map(remove));
  };
  try {
    for (const folder of all) await mkdir(folder);
    for (const [file, value] of settings(paths.version, folders, limits)) await writeFile(file, value);
    if (limits.cpus !== undefined && folders["cpu"] !== undefined) {
      await writeCpuQuota(paths.version, folders["cpu"], limits.cpus);
    }
    const memory = folders["memory"];
    const pids = folders["pids"];
    if (memory !== undefined) {
      const file = paths.version === 1 ? "memory.oom_control" : "memory.events";
      counters.push(counter(join(memory, file), /^oom_kill (\d+)/m, { kind: "memory", max: limits.memoryBytes }));
    }
    if (pids !== undefined) {
      counters.push(counter(join(pids, "pids.events"), /^max (\d+)/m, { kind: "processes", max: limits.processes }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    async enter(pid) {
      for (const folder of all) await writeFile(join(folder, "cgroup.procs"), String(pid));
    },
    takeHit: () => counters.filter((each) => each.increased()).map(({ hit }) => hit)[0],
    close,
  };
}

function settings(
  version: 1 | 2,
  { memory, pids }: Readonly<Record<string, string | undefined>>,
  limits: Limits,
): (readonly [string, string])[] {
  const set: (readonly [string, string])[] = [];
  const put = (folder: string | undefined, file: string, value: number | string) => {
    if (folder !== undefined && exists(join(folder, file))) set.push([join(folder, file), String(value)]);
  };
  if (version === 1) {
    put(memory, "memory.limit_in_bytes", limits.memoryBytes);
    // Including swap, so that swapping gains nothing. The file exists only if the kernel accounts for swap.
    put(memory, "memory.memsw.limit_in_bytes", limits.memoryBytes);
  } else {
    put(memory, "memory.max", limits.memoryBytes);
    put(memory, "memory.swap.max", 0);
  }
  put(pids, "pids.max", limits.processes);
  return set;
}

async function writeCpuQuota(version: 1 | 2, folder: string, cpus: number): Promise<void> {
  const quotaUs = Math.max(minCpuQuotaUs, Math.round(cpus * cpuPeriodUs));
  if (version === 2) {
    await writeFile(join(folder, "cpu.max"), `${quotaUs} ${cpuPeriodUs}`);
    return;
  }
  await writeFile(join(folder, "cpu.cfs_period_us"), String(cpuPeriodUs));
  try {
    await writeFile(join(folder, "cpu.cfs_quota_us"), String(quotaUs));
  } catch (error) {
    // v1 rejects a quota that exceeds an ancestor's, as in a container with a CPU limit. That one applies anyway.
    if ((error as NodeJS.ErrnoException).code !== "EINVAL") throw error;
  }
}

interface Counter {
  readonly fd: number;
  readonly hit: LimitHit;
  increased(): boolean;
}

/** The file stays open, because it is read after every command: a few microseconds each time. */
function counter(path: string, pattern: RegExp, hit: LimitHit): Counter {
  const fd = openSync(path, "r");
  const bytes = Buffer.alloc(1024);
  const read = () =>
    Number(pattern.exec(bytes.toString("latin1", 0, readSync(fd, bytes, 0, bytes.length, 0)))?.[1] ?? 0);
  let last = read();
  return {
    fd,
    hit,
    increased() {
      const before = last;
      last = read();
      return last > before;
    },
  };
}

async function remove(folder: string): Promise<void> {
  for (let tries = 0; tries < maxRemoveAttempts; tries++) {
    try {
      return await rmdir(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EBUSY") return;
      await new Promise((resolve) => setTimeout(resolve, removeRetryMs));
    }
  }
}

function exists(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}
