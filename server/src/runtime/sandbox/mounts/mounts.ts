import type { IsolatedProgram } from "../../runtime.ts";

/** The file system inside: an allow-list on an empty read-only root, later entries over earlier ones. */
export type Mount =
  | { readonly type: "read" | "write" | "device"; readonly from: string; readonly to: string }
  | { readonly type: "link"; readonly target: string; readonly to: string }
  /** Empty and in memory. Closed: nothing can be written, so it only hides what lies below. */
  | { readonly type: "memory"; readonly to: string; readonly sizeBytes: number }
  | { readonly type: "closed"; readonly to: string };

const mib = 1024 * 1024;
export const sandboxHome = "/home/agent";
export const sandboxOutputs = "/outputs";

export interface SandboxMounts {
  /** What all commands together may take; a full temporary folder must not use it up, or the next program would be killed. */
  readonly memoryBytes: number;
  readonly system: readonly Mount[];
  readonly tools: readonly Mount[];
  readonly devices: readonly Mount[];
  /** Folders that are hidden where a system or tool folder would show them. */
  readonly hidden: readonly string[];
  /** What makes up the home, under the tools that may lie in one. */
  readonly home: readonly Mount[];
  /** What is worked on, over everything else. */
  readonly work: readonly Mount[];
}

/** In this order: what is common to all, then what is its own. */
export function sandboxMounts(folders: SandboxMounts): Mount[] {
  const shown = [...folders.system, ...folders.tools];
  const hidden = folders.hidden.filter((path) =>
    shown.some((mount) => mount.type === "read" && path.startsWith(`${mount.to}/`)),
  );
  const inMemory = (to: string, sizeBytes: number, part: number): Mount => ({
    type: "memory",
    to,
    sizeBytes: Math.floor(Math.min(sizeBytes, folders.memoryBytes / part)),
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

/** Of a conversation. */
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

/** Of a program that runs apart. */
export function isolatedMounts(folders: IsolatedProgram["folders"]): Pick<SandboxMounts, "home" | "work"> {
  return {
    home: [{ type: "memory", to: sandboxHome, sizeBytes: 64 * mib }],
    work: folders.map(({ path, access }) => ({ type: access, from: path, to: path })),
  };
}
