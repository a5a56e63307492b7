/** Exit codes of commands, for scripts. A command that runs a task exits with 0 only if the task is finished. */
export const exitCodes = {
  finished: 0,
  failed: 1,
  usage: 2,
  /** The work hit a limit or a timeout, or somebody stopped or paused it. */
  stopped: 3,
  /** The work waits for an answer or an approval that nobody is there to give. */
  waiting: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Invalid command-line arguments. The message says what is expected. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}
