/** What a conversation's container is made of. Nothing of the engine is ever in it: who reaches the engine's socket is root outside. */
import { createHash } from "node:crypto";
import type { ContainerCreateOptions } from "dockerode";
import { DeckhandError } from "@deckhand/protocol";
import { commandEnvironment } from "../../sandbox/environment.ts";
import type { Limits } from "../../sandbox/limits/limits.ts";
import { sandboxHome } from "../../sandbox/mounts/mounts.ts";
import { isIn } from "../../sandbox/workspace-policy.ts";

/** A folder of the machine, or a volume of that name, and the path at which it is seen. */
export interface ContainerMount {
  readonly from: { readonly folder: string } | { readonly volume: string };
  readonly to: string;
  readonly access: "read" | "write";
}

export interface ContainerSpec {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly image: string;
  /** The image's own. */
  readonly path: string;
  readonly user: { readonly uid: number; readonly gid: number };
  /** Podman without root: the user's number inside is that outside. */
  readonly keepId: boolean;
  /** Later ones lie over earlier ones. Without one at the home, that is empty and in memory. */
  readonly mounts: readonly ContainerMount[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly network: "none" | "default";
  readonly readOnly: boolean;
  readonly limits: Limits;
  /** Where engines listen: none of them, and nothing above them, is shown inside. */
  readonly sockets: readonly string[];
}

/** Bytes of /tmp and /dev/shm; both are memory. */
const tmpBytes = 1024 * 1024 * 1024;
const shmBytes = 256 * 1024 * 1024;

/**
 * The first process only waits, and buries what lost its parent. Signals from inside do not reach it. `wait` and not `sleep` alone,
 * because only then does a shell collect processes that are not its own.
 */
export const idleCommand = ["sh", "-c", "while :; do sleep 86400 & wait; done", "deckhand-container"] as const;

/** Fails with `sandbox_unavailable` for a folder in which an engine's socket lies. */
export function containerOptions(spec: ContainerSpec): ContainerCreateOptions {
  for (const { from } of spec.mounts) {
    const socket = "folder" in from ? spec.sockets.find((path) => isIn(path, from.folder)) : undefined;
    if (socket !== undefined) {
      throw new DeckhandError(
        "sandbox_unavailable",
        `${"folder" in from ? from.folder : ""} holds the container engine's socket ${socket}, which commands must not reach.`,
      );
    }
  }
  const { limits } = spec;
  const options: ContainerCreateOptions = {
    name: spec.name,
    Image: spec.image,
    Entrypoint: [...idleCommand],
    Cmd: [],
    User: `${spec.user.uid}:${spec.user.gid}`,
    WorkingDir: spec.cwd,
    Hostname: "deckhand",
    Env: Object.entries(
      commandEnvironment({
        path: spec.path,
        home: sandboxHome,
        extra: { USER: "agent", LOGNAME: "agent", ...spec.env },
      }),
    ).map(([name, value]) => `${name}=${value}`),
    HostConfig: {
      Mounts: spec.mounts.map(({ from, to, access }) => ({
        ...("folder" in from
          ? { Type: "bind" as const, Source: from.folder }
          : { Type: "volume" as const, Source: from.volume }),
        Target: to,
        ReadOnly: access === "read",
      })),
      Tmpfs: {
        "/tmp": `rw,exec,nosuid,nodev,mode=1777,size=${tmpBytes}`,
        ...(spec.mounts.some(({ to }) => to === sandboxHome)
          ? {}
          : { [sandboxHome]: "rw,exec,nosuid,nodev,mode=1777,size=64m" }),
      },
      ShmSize: shmBytes,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Privileged: false,
      IpcMode: "private",
      ...(spec.network === "none" ? { NetworkMode: "none" } : {}),
      ...(spec.keepId ? { UsernsMode: "keep-id" } : {}),
      ReadonlyRootfs: spec.readOnly,
      Memory: limits.memoryBytes,
      // With swap, so none.
      MemorySwap: limits.memoryBytes,
      PidsLimit: limits.processes,
      NanoCpus: Math.round(limits.cpus * 1e9),
    },
  };
  const fingerprint = createHash("sha256").update(JSON.stringify(options)).digest("hex").slice(0, 16);
  return { ...options, Labels: { ...spec.labels, [specLabel]: fingerprint } };
}

/** A container that was made otherwise than it would be made now is not attached to. */
export const specLabel = "deckhand.spec";
