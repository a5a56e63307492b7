import type { ApartProgram } from "../runtime.ts";

/** The file system inside: an allow-list on an empty read-only root, later entries over earlier ones. */
export type Mount =
  | { readonly how: "read" | "write" | "device"; readonly from: string; readonly to: string }
  | { readonly how: "link"; readonly target: string; readonly to: string }
  /** Empty and in memory. Closed: nothing can be written, so it only hides what lies below. */
  | { readonly how: "memory"; readonly to: string; readonly sizeBytes: number }
  | { readonly how: "closed"; readonly to: string };

const mib = 1024 * 1024;
export const homeInside = "/home/agent";
export const outputsInside = "/outputs";

export interface WallFolders {
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
export function wallMounts(folders: WallFolders): Mount[] {
  const shown = [...folders.system, ...folders.tools];
  const hidden = folders.hidden.filter((path) =>
    shown.some((mount) => mount.how === "read" && path.startsWith(`${mount.to}/`)),
  );
  const inMemory = (to: string, sizeBytes: number, part: number): Mount => ({
    how: "memory",
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
    ...hidden.map((to) => ({ how: "closed", to }) as const),
    ...folders.work,
  ];
}

/** Of a conversation. */
export function conversationMounts(folders: {
  readonly home: string;
  readonly outputs: string;
  readonly workspace: string;
}): Pick<WallFolders, "home" | "work"> {
  return {
    home: [
      { how: "write", from: folders.home, to: homeInside },
      { how: "read", from: folders.outputs, to: outputsInside },
    ],
    work: [{ how: "write", from: folders.workspace, to: folders.workspace }],
  };
}

/** Of a program that runs apart. */
export function apartMounts(folders: ApartProgram["folders"]): Pick<WallFolders, "home" | "work"> {
  return {
    home: [{ how: "memory", to: homeInside, sizeBytes: 64 * mib }],
    work: folders.map(({ path, access }) => ({ how: access, from: path, to: path })),
  };
}
