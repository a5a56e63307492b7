/** How a command ended, for scripts. `finished` alone is 0 where a task was run. */
export const exitCodes = {
  finished: 0,
  failed: 1,
  usage: 2,
  /** A limit, a time-out, or somebody stopped or paused it. */
  stopped: 3,
  /** It waits for an answer that nobody here can give. */
  waiting: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What the user typed does not fit; the message says what does. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}
