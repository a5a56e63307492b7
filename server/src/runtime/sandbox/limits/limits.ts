/**
 * How much the commands of one conversation may take. Held by a cgroup for all of them together where one can be made (cgroup.ts); where
 * not, memory and processes are held by rlimits: memory for each process by itself. Files are bounded by an rlimit either way.
 */
import { availableParallelism, release, totalmem } from "node:os";

export interface Limits {
  /** Of all processes together; swap and files in memory (/tmp) included. */
  readonly memoryBytes: number;
  readonly processes: number;
  /** Processors' worth of time; 0.5 is half of one. */
  readonly cpus: number;
  /** Of the largest file that may be written. */
  readonly fileBytes: number;
}

export type LimitKind = "memory" | "processes" | "file_size";

/** What was hit: bytes, or a number of processes. */
export interface LimitHit {
  readonly kind: LimitKind;
  readonly max: number;
}

const gib = 1024 ** 3;

export function resolveLimits(given: Partial<Limits> = {}): Limits {
  return {
    // What is left is for the server and for whoever else works here.
    memoryBytes: Math.floor((ownMemoryBytes() * 3) / 4),
    // `make -j`, a browser and a few servers stay far below.
    processes: 2048,
    cpus: availableParallelism(),
    fileBytes: 16 * gib,
    ...given,
  };
}

/** The machine's, or less where the server itself is limited. */
function ownMemoryBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** Who holds a limit: all processes together, each by itself, or nobody. */
export type EnforcedBy = "cgroup" | "rlimit" | "nobody";

/**
 * For bash's `ulimit`, as `-f=BLOCKS`, separated by blanks. RLIMIT_DATA and not RLIMIT_AS: Node and everything with WebAssembly reserve
 * address space by the terabyte that they never use.
 */
export function ulimitArgs(
  limits: Limits,
  by: { readonly memory: EnforcedBy; readonly processes: EnforcedBy },
): string {
  return [
    `-f=${Math.ceil(limits.fileBytes / 1024)}`,
    ...(by.memory === "rlimit" ? [`-d=${Math.ceil(limits.memoryBytes / 1024)}`] : []),
    ...(by.processes === "rlimit" ? [`-u=${limits.processes}`] : []),
  ].join(" ");
}

/**
 * RLIMIT_NPROC binds nobody who is root outside, and before Linux 5.14 counted all processes of the user, the sandbox's or not
 * (user_namespaces(7)).
 */
export function rlimitBindsProcesses(isRootOutside: boolean): boolean {
  const [major = 0, minor = 0] = release().split(".").map(Number);
  return !isRootOutside && (major > 5 || (major === 5 && minor >= 14));
}

/** Exit code of what SIGXFSZ ended. */
const tooLargeCode = 128 + 25;

export function fileSizeHit(exitCode: number, limits: Limits): LimitHit | undefined {
  return exitCode === tooLargeCode ? { kind: "file_size", max: limits.fileBytes } : undefined;
}
