/**
 * Ends what runs in a shell. Each step may already be the last:
 *
 *   at once  USR1 to the shell, SIGINT to what the command started
 *   250 ms   SIGINT to the shell, for a builtin that waits (`read`)
 *   500 ms   SIGKILL to what the command started
 *   650 ms   SIGKILL to the shell
 *   800 ms   the end, whatever the state
 */
import type { ShellProcess } from "./shell-process.ts";
import type { ProcessHost } from "./process-host.ts";

const shellIntMs = 250;
const killMs = 500;
const killShellMs = 650;
const giveUpMs = 800;
const lookMs = 20;

export interface Interruptible {
  readonly bash: ShellProcess;
  /** The command has told its end. */
  readonly ended: () => boolean;
  /** What the command has started and lives. */
  readonly started: () => Promise<readonly number[]>;
}

/** Resolves when the command has ended and nothing of it is left, or when nothing more can be done. */
export async function interrupt({ bash, ended, started }: Interruptible, box: ProcessHost): Promise<void> {
  const startedAt = performance.now();
  const told = new Set<number>();
  let shellTold = false;
  for (;;) {
    const shell = bash.pid;
    const sinceMs = performance.now() - startedAt;
    if (!ended() && shell !== undefined) {
      box.signal([shell], "SIGUSR1");
      if (sinceMs >= shellIntMs && !shellTold) {
        shellTold = true;
        box.signal([shell], "SIGINT");
      }
    }
    const living = await started();
    if (ended() && living.length === 0) return;
    const fresh = living.filter((pid) => !told.has(pid));
    for (const pid of fresh) told.add(pid);
    box.signal(sinceMs < killMs ? fresh : living, sinceMs < killMs ? "SIGINT" : "SIGKILL");
    if (sinceMs >= killShellMs && !ended() && shell !== undefined) box.signal([shell], "SIGKILL");
    if (sinceMs >= giveUpMs) {
      // A shell that is not even known by its number could still come to life and read what is meant for the next.
      if (shell === undefined) await box.kill();
      return bash.end(-1);
    }
    await new Promise((resolve) => setTimeout(resolve, sinceMs < lookMs ? 2 : lookMs));
  }
}
