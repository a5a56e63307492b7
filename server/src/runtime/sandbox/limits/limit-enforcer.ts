/** Enforces the limits of one sandbox with the means that the machine offers. */
import { DeckhandError } from "@deckhand/protocol";
import { createCgroup, type Cgroup } from "./cgroup.ts";
import { findCgroupPaths } from "./cgroup-paths.ts";
import {
  fileSizeHit,
  rlimitBindsProcesses,
  ulimitArgs,
  type EnforcedBy,
  type LimitHit,
  type Limits,
} from "./limits.ts";

export interface LimitEnforcer {
  /** `ulimit` arguments for the supervisor, which everything it starts inherits. */
  readonly ulimits: string;
  /**
   * Moves the process, and everything it starts from then on, into the control group. Rejects with the system's error.
   */
  enter(pid: number): Promise<void>;
  /** The limit that was hit since the last call, given the exit code of the command that has just ended. */
  takeHit(exitCode: number): LimitHit | undefined;
  /** Call once no process is left. */
  close(): Promise<void>;
}

export interface Limiter {
  /** What enforces each limit, depending on whether commands are root outside. */
  enforcedBy(isRootOutside: boolean): Promise<{ readonly memory: EnforcedBy; readonly processes: EnforcedBy }>;
  /** Fails with `sandbox_unavailable`. */
  enforce(limits: Limits, isRootOutside: boolean): Promise<LimitEnforcer>;
}

export function createLimiter(): Limiter {
  let cgroupPaths: ReturnType<typeof findCgroupPaths> | undefined;
  const findPaths = () => (cgroupPaths ??= findCgroupPaths());

  const heldBy = async (isRootOutside: boolean) => {
    const folders = (await findPaths())?.folders;
    return {
      memory: folders?.memory === undefined ? ("rlimit" as const) : ("cgroup" as const),
      processes:
        folders?.pids === undefined
          ? rlimitBindsProcesses(isRootOutside)
            ? ("rlimit" as const)
            : ("nothing" as const)
          : ("cgroup" as const),
    };
  };
  return {
    enforcedBy: heldBy,
    async enforce(limits, isRootOutside) {
      const paths = await findPaths();
      let cgroup: Cgroup | undefined;
      try {
        cgroup = paths === undefined ? undefined : await createCgroup(paths, limits);
      } catch (error) {
        throw new DeckhandError(
          "sandbox_unavailable",
          `The control group for the resource limits could not be created: ${(error as Error).message}`,
        );
      }
      return {
        ulimits: ulimitArgs(limits, await heldBy(isRootOutside)),
        enter: async (pid) => cgroup?.enter(pid),
        takeHit: (exitCode) => cgroup?.takeHit() ?? fileSizeHit(exitCode, limits),
        close: async () => cgroup?.close(),
      };
    },
  };
}
