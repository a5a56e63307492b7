/**
 * Finds where control groups can be created. v1: in each controller's hierarchy, below the server's own group. v2: in
 * the nearest ancestor of the server's group that delegates the controllers and is writable: for root the session's
 * slice, for an ordinary user what systemd has delegated. Only processes of sandboxes are moved.
 */
import { accessSync, constants, readFileSync } from "node:fs";
import { readdir, readFile, rmdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { statOf } from "../../processes.ts";

type Controller = "memory" | "pids" | "cpu";
const controllers: readonly Controller[] = ["memory", "pids", "cpu"];

/** The parent folder of new groups, by controller. */
export interface CgroupPaths {
  readonly version: 1 | 2;
  readonly folders: Readonly<Partial<Record<Controller, string>>>;
}

export const cgroupName = (pid: number, startTick: number, unique: string): string =>
  `deckhand.${pid}.${startTick}.${unique}`;
const namePattern = /^deckhand\.(\d+)\.(\d+)\.\w+$/;

/** Undefined if no group can be created. */
export async function findCgroupPaths(): Promise<CgroupPaths | undefined> {
  try {
    const [own, mounts] = await Promise.all([
      readFile("/proc/self/cgroup", "utf8"),
      readFile("/proc/self/mountinfo", "utf8"),
    ]);
    const paths = pathsV2(own, mounts) ?? pathsV1(own, mounts);
    if (paths === undefined) return undefined;
    await removeStale(paths);
    return paths;
  } catch {
    return undefined;
  }
}

async function removeStale({ folders }: CgroupPaths): Promise<void> {
  for (const parent of new Set(Object.values(folders))) {
    for (const name of await readdir(parent)) {
      const [, pid, tick] = namePattern.exec(name) ?? [];
      if (pid === undefined || statOf(Number(pid))?.startTick === Number(tick)) continue;
      // Fails if there are processes in it, as it should.
      await rmdir(join(parent, name)).catch(() => {});
    }
  }
}

function pathsV1(own: string, mounts: string): CgroupPaths | undefined {
  const folders: Partial<Record<Controller, string>> = {};
  for (const controller of controllers) {
    const path = new RegExp(`^\\d+:(?:[^:]*,)?${controller}(?:,[^:]*)?:(.*)$`, "m").exec(own)?.[1];
    const mount = cgroupMounts(mounts).find(({ type, options }) => type === "cgroup" && options.includes(controller));
    if (path === undefined || mount === undefined) continue;
    const folder = inMount(path, mount);
    if (isWritable(folder)) folders[controller] = folder;
  }
  return folders.memory === undefined && folders.pids === undefined ? undefined : { version: 1, folders };
}

function pathsV2(own: string, mounts: string): CgroupPaths | undefined {
  const path = /^0::(.*)$/m.exec(own)?.[1];
  const mount = cgroupMounts(mounts).find(({ type }) => type === "cgroup2");
  if (path === undefined || mount === undefined) return undefined;
  for (let folder = inMount(path, mount); ; folder = dirname(folder)) {
    const delegated = words(join(folder, "cgroup.subtree_control"));
    if (delegated.includes("memory") && delegated.includes("pids") && isWritable(folder)) {
      const found = controllers.filter((each) => delegated.includes(each));
      return { version: 2, folders: Object.fromEntries(found.map((each) => [each, folder])) };
    }
    if (folder === mount.point || folder === "/") return undefined;
  }
}

interface CgroupMount {
  readonly root: string;
  readonly point: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** proc_pid_mountinfo(5): `id parent dev root point options … - type source superoptions`. */
function cgroupMounts(mountinfo: string): CgroupMount[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root = "", point = ""] = before.split(" ");
    const [type = "", , options = ""] = after.split(" ");
    return type.startsWith("cgroup") ? [{ root, point, type, options: options.split(",") }] : [];
  });
}

/** In a container, the mount shows only a part of the hierarchy. */
function inMount(path: string, { root, point }: CgroupMount): string {
  const below = relative(root, path);
  return join(point, below.startsWith("..") ? path : below);
}

/** Including its `cgroup.procs`: moving a process in v2 requires write access to the common ancestor. */
function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    accessSync(join(folder, "cgroup.procs"), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function words(file: string): string[] {
  try {
    return readFileSync(file, "utf8").trim().split(/\s+/);
  } catch {
    return [];
  }
}
