/**
 * The spec of a container. It never contains the engine's socket, because access to that is root access to the host.
 */
import { createHash } from "node:crypto";
import type { ContainerCreateOptions } from "dockerode";
import { DeckhandError } from "@deckhand/protocol";
import { commandEnvironment } from "../../sandbox/environment.ts";
import type { Limits } from "../../sandbox/limits/limits.ts";
import { idleCommand } from "../channel-encoding.ts";
import type { ContainerFolders } from "../escape-checks.ts";
import { sandboxHome, sandboxOutputs } from "../../sandbox/mounts/mounts.ts";
import { isIn } from "../../sandbox/workspace-policy.ts";

/** A host folder or named volume, mounted at a path. */
export interface ContainerMount {
  readonly from: { readonly folder: string } | { readonly volume: string };
  readonly to: string;
  readonly access: "read" | "write";
}

export interface ContainerSpec {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly image: string;
  /** PATH of the image. */
  readonly path: string;
  readonly user: { readonly uid: number; readonly gid: number };
  /** For rootless Podman: user ids are the same inside and outside. */
  readonly keepId: boolean;
  /** Later mounts cover earlier ones. Without a mount for it, the home folder is an empty tmpfs. */
  readonly mounts: readonly ContainerMount[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly network: "none" | "default";
  readonly readOnly: boolean;
  readonly limits: Limits;
  /** Sockets of container engines. Neither they nor their parent folders may be mounted. */
  readonly sockets: readonly string[];
}

/** The folders of a conversation. The workspace may be a volume instead. */
export function conversationMounts(
  folders: ContainerFolders,
  workspaceFrom: ContainerMount["from"],
): readonly ContainerMount[] {
  return [
    { from: { folder: folders.home }, to: sandboxHome, access: "write" },
    { from: { folder: folders.outputs }, to: sandboxOutputs, access: "read" },
    { from: workspaceFrom, to: folders.workspace, access: "write" },
  ];
}

/** Sizes of /tmp and /dev/shm, which are in memory. */
const tmpBytes = 1024 * 1024 * 1024;
const shmBytes = 256 * 1024 * 1024;

/** Fails with `sandbox_unavailable` for a folder that contains an engine's socket. */
export function containerOptions(spec: ContainerSpec): ContainerCreateOptions {
  for (const { from } of spec.mounts) {
    const socket = "folder" in from ? spec.sockets.find((path) => isIn(path, from.folder)) : undefined;
    if (socket !== undefined) {
      throw new DeckhandError(
        "sandbox_unavailable",
        `${"folder" in from ? from.folder : ""} contains the container engine's socket ${socket}, which commands must not access. Choose another folder.`,
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
      // Includes swap, so there is none.
      MemorySwap: limits.memoryBytes,
      PidsLimit: limits.processes,
      ...(limits.cpus === undefined ? {} : { NanoCpus: Math.round(limits.cpus * 1e9) }),
    },
  };
  const fingerprint = createHash("sha256").update(JSON.stringify(options)).digest("hex").slice(0, 16);
  return { ...options, Labels: { ...spec.labels, [specLabel]: fingerprint } };
}

/** Fingerprint of the spec. A container with a different one is replaced instead of attached to. */
export const specLabel = "deckhand.spec";
