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

/** In this order: what is common to all, then what is the conversation's own. */
export function wallMounts(options: {
  readonly system: readonly Mount[];
  readonly tools: readonly Mount[];
  readonly devices: readonly Mount[];
  /** Folders that are hidden where a system or tool folder would show them. */
  readonly hidden: readonly string[];
  readonly home: string;
  readonly outputs: string;
  readonly workspace: string;
}): Mount[] {
  const shown = [...options.system, ...options.tools];
  const hidden = options.hidden.filter((path) =>
    shown.some((mount) => mount.how === "read" && path.startsWith(`${mount.to}/`)),
  );
  return [
    { how: "memory", to: "/tmp", sizeBytes: 1024 * mib },
    { how: "memory", to: "/var/tmp", sizeBytes: 256 * mib },
    { how: "memory", to: "/run", sizeBytes: 64 * mib },
    { how: "memory", to: "/dev/shm", sizeBytes: 256 * mib },
    ...options.devices,
    ...options.system,
    { how: "write", from: options.home, to: homeInside },
    { how: "read", from: options.outputs, to: outputsInside },
    ...options.tools,
    ...hidden.map((to) => ({ how: "closed", to }) as const),
    { how: "write", from: options.workspace, to: options.workspace },
  ];
}
