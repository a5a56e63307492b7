/**
 * Ends the command that runs in a shell, escalating until it is gone:
 *
 *   at once  SIGUSR1 to the shell, SIGINT to what the command started
 *   250 ms   SIGINT to the shell, for a builtin that waits (`read`)
 *   500 ms   SIGKILL to what the command started
 *   650 ms   SIGKILL to the shell
 *   800 ms   give up, whatever the state
 */
import type { ProcessHost } from "./process-host.ts";
import type { ShellProcess } from "./shell-process.ts";

const shellSigintMs = 250;
const killMs = 500;
const killShellMs = 650;
const giveUpMs = 800;
const pollMs = 20;

export interface InterruptOptions {
  readonly host: ProcessHost;
  readonly shell: ShellProcess;
  /** The command's end record has arrived, or the shell has exited. */
  readonly hasEnded: () => boolean;
  /** The command's living processes. */
  readonly startedProcesses: () => Promise<readonly number[]>;
}

/** Resolves once the command has ended and none of its processes is left, or when nothing more can be done. */
export async function interrupt({ host, shell, hasEnded, startedProcesses }: InterruptOptions): Promise<void> {
  const startedAt = performance.now();
  const signaled = new Set<number>();
  let shellGotSigint = false;
  for (;;) {
    const shellPid = shell.pid;
    const elapsedMs = performance.now() - startedAt;
    if (!hasEnded() && shellPid !== undefined) {
      host.signal([shellPid], "SIGUSR1");
      if (elapsedMs >= shellSigintMs && !shellGotSigint) {
        shellGotSigint = true;
        host.signal([shellPid], "SIGINT");
      }
    }
    const living = await startedProcesses();
    if (hasEnded() && living.length === 0) return;
    const fresh = living.filter((pid) => !signaled.has(pid));
    for (const pid of fresh) signaled.add(pid);
    host.signal(elapsedMs < killMs ? fresh : living, elapsedMs < killMs ? "SIGINT" : "SIGKILL");
    if (elapsedMs >= killShellMs && !hasEnded() && shellPid !== undefined) host.signal([shellPid], "SIGKILL");
    if (elapsedMs >= giveUpMs) {
      // A shell whose pid is still unknown could come to life later and read what is meant for the next one.
      if (shellPid === undefined) await host.kill();
      return shell.end(-1);
    }
    await new Promise((resolve) => setTimeout(resolve, elapsedMs < pollMs ? 2 : pollMs));
  }
}
