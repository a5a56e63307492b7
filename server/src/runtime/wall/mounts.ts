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
  return [
    { how: "memory", to: "/tmp", sizeBytes: 1024 * mib },
    { how: "memory", to: "/var/tmp", sizeBytes: 256 * mib },
    { how: "memory", to: "/run", sizeBytes: 64 * mib },
    { how: "memory", to: "/dev/shm", sizeBytes: 256 * mib },
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
