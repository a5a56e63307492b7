import { setTimeout as delay } from "node:timers/promises";
import type { ProcessHost } from "./process-host.ts";

/** A process that got SIGSTOP may still be in the middle of a fork. */
const pollMs = 3;
/** A process that waits for a disk does not stop; it is not waited for. */
const maxStopMs = 300;
const maxRounds = 10;

/**
 * Kills the listed processes and everything they start meanwhile. They are stopped first, because a stopped process
 * starts nothing. The first one is killed last: when a process group loses its last parent while some members are
 * stopped, the kernel sends SIGHUP to the whole group, which may contain processes that are not ours.
 */
export async function killTree(list: () => Promise<readonly number[]>, host: ProcessHost): Promise<void> {
  const stopped = new Set<number>();
  for (let round = 0; round < maxRounds; round += 1) {
    const fresh = (await list()).filter((pid) => !stopped.has(pid));
    if (fresh.length === 0) break;
    for (const pid of fresh) stopped.add(pid);
    host.signal(fresh, "SIGSTOP");
    const deadline = performance.now() + maxStopMs;
    const allStopped = async () => (await Promise.all(fresh.map((pid) => host.isStopped(pid)))).every(Boolean);
    while (!(await allStopped()) && performance.now() < deadline) await delay(pollMs);
  }
  const [first = 0, ...others] = stopped;
  if (first === 0) return;
  host.signal(others, "SIGKILL");
  await delay(pollMs);
  host.signal([first], "SIGKILL");
}
