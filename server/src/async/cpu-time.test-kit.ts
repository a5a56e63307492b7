/** Measures work in CPU time of this thread, so that other programs on a busy machine do not count. */

/** The CPU time in milliseconds that the work takes. */
export function cpuMs(work: () => void): number {
  const start = process.threadCpuUsage();
  work();
  return passedMs(start);
}

/** The longest turn of the event loop during the work, in milliseconds of CPU time, and the number of turns. */
export async function watchEventLoop(
  work: () => Promise<void>,
): Promise<{ readonly longestMs: number; readonly turns: number }> {
  let longestMs = 0;
  let turns = 0;
  let isWatching = true;
  await new Promise(setImmediate);
  let last = process.threadCpuUsage();
  const onTurn = (): void => {
    longestMs = Math.max(longestMs, passedMs(last));
    last = process.threadCpuUsage();
    turns += 1;
    if (isWatching) setImmediate(onTurn);
  };
  setImmediate(onTurn);
  try {
    await work();
    await new Promise(setImmediate);
  } finally {
    isWatching = false;
  }
  return { longestMs, turns };
}

function passedMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(since);
  return (user + system) / 1000;
}
