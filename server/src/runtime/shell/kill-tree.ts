import { setTimeout as wait } from "node:timers/promises";
import type { Asked, ProcessHost } from "./process-host.ts";

/** What is told to stop may still be in the middle of a fork; one that waits for a disk is not waited for. */
const lookMs = 3;
const longestStopMs = 300;
const maxRounds = 10;

/**
 * Ends processes that can still be listed, and all that they start meanwhile: what is stopped starts nothing. The first goes last: where
 * a group loses its last parent while some of it are stopped, the kernel sends SIGHUP to all of it, also to what is none of ours.
 */
export async function killTree(list: () => Asked<readonly number[]>, box: ProcessHost): Promise<void> {
  const stopped = new Set<number>();
  for (let look = 0; look < maxRounds; look += 1) {
    const fresh = (await list()).filter((pid) => !stopped.has(pid));
    if (fresh.length === 0) break;
    for (const pid of fresh) stopped.add(pid);
    box.signal(fresh, "SIGSTOP");
    const deadline = performance.now() + longestStopMs;
    const allStopped = async () => (await Promise.all(fresh.map(async (pid) => box.isStopped(pid)))).every(Boolean);
    while (!(await allStopped()) && performance.now() < deadline) await wait(lookMs);
  }
  const [first = 0, ...below] = stopped;
  if (first === 0) return;
  box.signal(below, "SIGKILL");
  await wait(lookMs);
  box.signal([first], "SIGKILL");
}
