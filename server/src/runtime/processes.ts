/**
 * Processes as /proc shows them, seen from outside the sandbox. Every read is a few hundred bytes of kernel memory and
 * therefore synchronous. A process that has ended meanwhile reads as empty. Source: proc(5).
 */
import { readdirSync, readFileSync } from "node:fs";

/** Direct children of all threads, including zombies. */
export function childrenOf(pid: number): number[] {
  const threads = numericNames(`/proc/${pid}/task`);
  return threads.flatMap((thread) => words(read(`/proc/${pid}/task/${thread}/children`)).map(Number));
}

/** Children of a process with a single thread, such as bash: one read. */
export function childrenOfSingleThreaded(pid: number): number[] {
  return words(read(`/proc/${pid}/task/${pid}/children`)).map(Number);
}

/** The living among `roots` and their descendants. A process in `except` is skipped together with its descendants. */
export function processTrees(roots: readonly number[], except: ReadonlySet<number>): number[] {
  const found: number[] = [];
  const open = [...roots];
  const seen = new Set<number>(except);
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    if (seen.has(pid)) continue;
    seen.add(pid);
    if (isAlive(pid)) found.push(pid);
    open.push(...childrenOf(pid));
  }
  return found;
}

/** The process at or below `root` that has the pid `pidInside` in its own pid namespace. */
export function findByInnerPid(root: number, pidInside: number): number | undefined {
  return processTrees([root], new Set()).find((pid) => {
    const ids = /^NSpid:\s+(.*)$/m.exec(read(`/proc/${pid}/status`))?.[1];
    return ids !== undefined && Number(words(ids).at(-1)) === pidInside;
  });
}

/** Processes that were started with all `marks` (`NAME=value`) in their environment. */
export function findMarked(...marks: readonly string[]): number[] {
  return numericNames("/proc").filter((pid) => isMarked(pid, marks));
}

/** Processes that are in the session or were started with the mark. */
export function findBySessionOrMark(session: number, mark: string): number[] {
  return numericNames("/proc").filter((pid) => statOf(pid)?.session === session || isMarked(pid, [mark]));
}

function isMarked(pid: number, marks: readonly string[]): boolean {
  const variables = read(`/proc/${pid}/environ`).split("\0");
  return marks.every((mark) => variables.includes(mark));
}

export interface ProcessStat {
  readonly state: string;
  readonly session: number;
  /** Start time in clock ticks (1/100 s) since boot. */
  readonly startTick: number;
}

export function statOf(pid: number): ProcessStat | undefined {
  const text = read(`/proc/${pid}/stat`);
  // The name is in parentheses and may contain anything, including ") ".
  const fields = words(text.slice(text.lastIndexOf(")") + 1));
  if (fields.length < 20) return undefined;
  return { state: fields[0] ?? "", session: Number(fields[3]), startTick: Number(fields[19]) };
}

export function isAlive(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== undefined && stat.state !== "Z" && stat.state !== "X";
}

/** Processes that have ended are skipped. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended.
    }
  }
}

function numericNames(folder: string): number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
