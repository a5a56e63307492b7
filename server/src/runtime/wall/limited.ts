/** What holds the commands of one sandbox to its limits, by whatever the machine offers. */
import { DeckhandError } from "@deckhand/protocol";
import { makeGroup, type Group } from "./cgroup.ts";
import { findGroupPlaces } from "./group-places.ts";
import { fileSizeHit, rlimitHoldsProcesses, ulimits, type HeldBy, type LimitHit, type Limits } from "./limits.ts";

export interface Limited {
  /** For the supervisor: what it puts on itself and so on all that it starts. */
  readonly ulimits: string;
  /** Moves the launcher in; what it starts is in it too. Fails with the system's error. */
  enter(pid: number): Promise<void>;
  /** A limit that was hit since the last call, where a command ended with this code. */
  hit(exitCode: number): LimitHit | undefined;
  /** After the last process. */
  close(): Promise<void>;
}

export interface Limiter {
  /** Who holds what, for commands that are root outside or not. */
  heldBy(isRootOutside: boolean): Promise<{ readonly memory: HeldBy; readonly processes: HeldBy }>;
  /** Fails with `sandbox_unavailable`. */
  limit(limits: Limits, isRootOutside: boolean): Promise<Limited>;
}

export function createLimiter(): Limiter {
  let found: ReturnType<typeof findGroupPlaces> | undefined;
  const places = () => (found ??= findGroupPlaces());

  const heldBy = async (isRootOutside: boolean) => {
    const folders = (await places())?.folders;
    return {
      memory: folders?.memory === undefined ? ("rlimit" as const) : ("cgroup" as const),
      processes:
        folders?.pids === undefined
          ? rlimitHoldsProcesses(isRootOutside)
            ? ("rlimit" as const)
            : ("nobody" as const)
          : ("cgroup" as const),
    };
  };
  return {
    heldBy,
    async limit(limits, isRootOutside) {
      const where = await places();
      let group: Group | undefined;
      try {
        group = where === undefined ? undefined : await makeGroup(where, limits);
      } catch (error) {
        throw new DeckhandError(
          "sandbox_unavailable",
          `No control group could be made to limit what commands take: ${(error as Error).message}`,
        );
      }
      return {
        ulimits: ulimits(limits, await heldBy(isRootOutside)),
        enter: async (pid) => group?.enter(pid),
        hit: (exitCode) => group?.hit() ?? fileSizeHit(exitCode, limits),
        close: async () => group?.close(),
      };
    },
  };
}
