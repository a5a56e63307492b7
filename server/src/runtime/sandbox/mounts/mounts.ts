import type { IsolatedProgram } from "../../runtime.ts";

/** One entry of the file system inside: an allow-list on an empty, read-only root. Later entries cover earlier ones. */
export type Mount =
  | { readonly type: "read" | "write" | "device"; readonly from: string; readonly to: string }
  | { readonly type: "link"; readonly target: string; readonly to: string }
  /** An empty folder in memory. `closed` is read-only, so it only hides what it covers. */
  | { readonly type: "memory"; readonly to: string; readonly sizeBytes: number }
  | { readonly type: "closed"; readonly to: string };

export const readOnly = (path: string): Mount => ({ type: "read", from: path, to: path });
/** A missing folder: an empty, read-only one takes its place. */
export const emptyFolder = (path: string): Mount => ({ type: "closed", to: path });
/** A missing file: an empty, read-only one takes its place. */
export const emptyFile = (path: string): Mount => ({ type: "read", from: "/dev/null", to: path });

const mib = 1024 * 1024;
export const sandboxHome = "/home/agent";
export const sandboxOutputs = "/outputs";

export interface SandboxMounts {
  /**
   * Memory limit of all commands together. Full temporary folders must not use it up, or the next program would be
   * killed.
   */
  readonly memoryBytes: number;
  readonly system: readonly Mount[];
  readonly tools: readonly Mount[];
  readonly devices: readonly Mount[];
  /** Folders to hide if a system or tool folder would expose them. */
  readonly hidden: readonly string[];
  /** The home folder, below tools that may be in it. */
  readonly home: readonly Mount[];
  /** The folders that are worked on, over everything else. */
  readonly work: readonly Mount[];
}

/** All mounts in order: what every sandbox has, then its own. */
export function sandboxMounts(folders: SandboxMounts): Mount[] {
  const visible = [...folders.system, ...folders.tools];
  const hidden = folders.hidden.filter((path) =>
    visible.some((mount) => mount.type === "read" && path.startsWith(`${mount.to}/`)),
  );
  const inMemory = (to: string, sizeBytes: number, divisor: number): Mount => ({
    type: "memory",
    to,
    sizeBytes: Math.floor(Math.min(sizeBytes, folders.memoryBytes / divisor)),
  });
  return [
    inMemory("/tmp", 1024 * mib, 2),
    inMemory("/var/tmp", 256 * mib, 8),
    inMemory("/run", 64 * mib, 16),
    inMemory("/dev/shm", 256 * mib, 8),
    ...folders.devices,
    ...folders.system,
    ...folders.home,
    ...folders.tools,
    ...hidden.map((to) => ({ type: "closed", to }) as const),
    ...folders.work,
  ];
}

/** The mounts of a conversation. */
export function conversationMounts(folders: {
  readonly home: string;
  readonly outputs: string;
  readonly workspace: string;
}): Pick<SandboxMounts, "home" | "work"> {
  return {
    home: [
      { type: "write", from: folders.home, to: sandboxHome },
      { type: "read", from: folders.outputs, to: sandboxOutputs },
    ],
    work: [{ type: "write", from: folders.workspace, to: folders.workspace }],
  };
}

/** The mounts of an isolated program. */
export function isolatedMounts(folders: IsolatedProgram["folders"]): Pick<SandboxMounts, "home" | "work"> {
  return {
    home: [{ type: "memory", to: sandboxHome, sizeBytes: 64 * mib }],
    work: folders.map(({ path, access }) => ({ type: access, from: path, to: path })),
  };
}
