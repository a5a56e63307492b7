/**
 * The resources that the commands of one conversation may use. A control group (cgroup.ts) enforces the limits for all
 * of them together. If none can be created, rlimits enforce memory (per process) and the number of processes. File size
 * is always limited by an rlimit.
 */
import { release, totalmem } from "node:os";

export interface Limits {
  /** For all processes together, including swap and files in memory (/tmp). */
  readonly memoryBytes: number;
  readonly processes: number;
  /** CPU time in processors; 0.5 is half of one. Without it, commands may use all that the server may use. */
  readonly cpus?: number;
  /** Size of the largest file that may be written. */
  readonly fileBytes: number;
}

export type LimitKind = "memory" | "processes" | "file_size";

/** `max` is the limit that was hit: bytes, or a number of processes. */
export interface LimitHit {
  readonly kind: LimitKind;
  readonly max: number;
}

const gib = 1024 ** 3;

export function resolveLimits(given: Partial<Limits> = {}): Limits {
  return {
    // The rest is for the server and other users of the machine.
    memoryBytes: Math.floor((ownMemoryBytes() * 3) / 4),
    // `make -j`, a browser and a few servers need far fewer.
    processes: 2048,
    fileBytes: 16 * gib,
    ...given,
  };
}

/** The machine's memory, or less if the server itself is limited. */
function ownMemoryBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** A cgroup limits all processes together, an rlimit each process (or user) separately. */
export type EnforcedBy = "cgroup" | "rlimit" | "nothing";

/**
 * Arguments for bash's `ulimit`, as `-f=BLOCKS`, separated by spaces. RLIMIT_DATA rather than RLIMIT_AS: Node and
 * everything with WebAssembly reserve terabytes of address space that they never use.
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
 * RLIMIT_NPROC does not apply to root outside the sandbox, and before Linux 5.14 it counted all processes of the user,
 * in the sandbox or not (user_namespaces(7)).
 */
export function rlimitBindsProcesses(isRootOutside: boolean): boolean {
  const [major = 0, minor = 0] = release().split(".").map(Number);
  return !isRootOutside && (major > 5 || (major === 5 && minor >= 14));
}

/** Exit code of a program that was killed by SIGXFSZ. */
const sigxfszExitCode = 128 + 25;

export function fileSizeHit(exitCode: number, limits: Limits): LimitHit | undefined {
  return exitCode === sigxfszExitCode ? { kind: "file_size", max: limits.fileBytes } : undefined;
}
