/** What holds the commands of one sandbox to its limits, by whatever the machine offers. */
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
  /** For the supervisor: what it puts on itself and so on all that it starts. */
  readonly ulimits: string;
  /** Moves the launcher in; what it starts is in it too. Fails with the system's error. */
  enter(pid: number): Promise<void>;
  /** A limit that was hit since the last call, where a command ended with this code. */
  takeHit(exitCode: number): LimitHit | undefined;
  /** After the last process. */
  close(): Promise<void>;
}

export interface Limiter {
  /** Who holds what, for commands that are root outside or not. */
  enforcedBy(isRootOutside: boolean): Promise<{ readonly memory: EnforcedBy; readonly processes: EnforcedBy }>;
  /** Fails with `sandbox_unavailable`. */
  enforce(limits: Limits, isRootOutside: boolean): Promise<LimitEnforcer>;
}

export function createLimiter(): Limiter {
  let found: ReturnType<typeof findCgroupPaths> | undefined;
  const places = () => (found ??= findCgroupPaths());

  const heldBy = async (isRootOutside: boolean) => {
    const folders = (await places())?.folders;
    return {
      memory: folders?.memory === undefined ? ("rlimit" as const) : ("cgroup" as const),
      processes:
        folders?.pids === undefined
          ? rlimitBindsProcesses(isRootOutside)
            ? ("rlimit" as const)
            : ("nobody" as const)
          : ("cgroup" as const),
    };
  };
  return {
    enforcedBy: heldBy,
    async enforce(limits, isRootOutside) {
      const where = await places();
      let group: Cgroup | undefined;
      try {
        group = where === undefined ? undefined : await createCgroup(where, limits);
      } catch (error) {
        throw new DeckhandError(
          "sandbox_unavailable",
          `No control group could be made to limit what commands take: ${(error as Error).message}`,
        );
      }
      return {
        ulimits: ulimitArgs(limits, await heldBy(isRootOutside)),
        enter: async (pid) => group?.enter(pid),
        takeHit: (exitCode) => group?.takeHit() ?? fileSizeHit(exitCode, limits),
        close: async () => group?.close(),
      };
    },
  };
}
