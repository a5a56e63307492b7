/** Which folders can be workspaces. One that holds a home, the server's data or the system would put them all inside the wall. */
import { mkdir, realpath, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import type { RuntimeOptions } from "../runtime-options.ts";

export interface CheckedWorkspace {
  /** Without symbolic links. */
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
}

/** Nothing in or under these. */
const closedTrees = [
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/boot",
  "/dev",
  "/etc",
  "/proc",
  "/run",
  "/sys",
];
/** Not these themselves, but folders in them. */
const closedFolders = [
  "/",
  "/home",
  "/media",
  "/mnt",
  "/opt",
  "/root",
  "/srv",
  "/tmp",
  "/usr",
  "/usr/local",
  "/usr/src",
  "/var",
];
/** Of /usr only what people put there themselves. */
const openInUsr = ["/usr/local/src", "/usr/src", "/usr/home"];
/** In a home: credentials, and tools that others share. */
export const protectedInHome = [
  ".aws",
  ".azure",
  ".cargo",
  ".config",
  ".docker",
  ".gnupg",
  ".kube",
  ".netrc",
  ".pyenv",
  ".rustup",
  ".ssh",
];

/** Makes the folder when it is missing. Fails with `sandbox_unavailable`. */
export async function checkWorkspace(workspace: string, options: RuntimeOptions): Promise<CheckedWorkspace> {
  const given = resolve(workspace);
  refuse(given, options);
  try {
    await mkdir(given, { recursive: true });
    const path = await realpath(given);
    const [dataHome, userHome] = await Promise.all([real(options.dataHome), real(options.userHome)]);
    refuse(path, { dataHome, userHome });
    const { uid, gid } = await stat(path);
    return { path, uid, gid };
  } catch (error) {
    if (error instanceof DeckhandError) throw error;
    throw new DeckhandError(
      "sandbox_unavailable",
      `The workspace ${given} cannot be used: ${(error as Error).message}`,
    );
  }
}

/** Why a path cannot be one, in a sentence; undefined where it can. */
export function workspaceProblem(
  path: string,
  { dataHome, userHome }: Pick<RuntimeOptions, "dataHome" | "userHome">,
): string | undefined {
  const isServers = isIn(path, resolve(dataHome)) && ownPlace.test(path.slice(resolve(dataHome).length));
  return whyNot(path, resolve(dataHome), resolve(userHome)) ?? (isServers ? otherPlace : undefined);
}

const otherPlace = "it is another conversation's.";
/** Below the data: where a conversation works that has a folder of its own, and all else that conversations keep. */
const ownPlace = /^\/(?:conversations|making|uploads)(?:\/|$)/;

function refuse(path: string, { dataHome, userHome }: Pick<RuntimeOptions, "dataHome" | "userHome">): void {
  const why = whyNot(path, resolve(dataHome), resolve(userHome));
  if (why !== undefined) {
    throw new DeckhandError("sandbox_unavailable", `${path} cannot be a workspace: ${why} Choose a folder of its own.`);
  }
}

function whyNot(path: string, dataHome: string, userHome: string): string | undefined {
  if (isIn(dataHome, path)) return "the server keeps its own data in it.";
  if (isIn(path, dataHome) && !isWorkspaceIn(path.slice(dataHome.length)))
    return "the server keeps its own data there.";
  if (isIn(userHome, path) || dirname(path) === "/home") return "it is, or holds, a home folder.";
  if (closedFolders.includes(path) || closedTrees.some((tree) => isIn(path, tree))) return "it belongs to the system.";
  if (isIn(path, "/usr") && !openInUsr.some((tree) => isIn(path, tree))) return "it belongs to the system.";
  if (protectedInHome.some((name) => isIn(path, `${userHome}/${name}`))) return "credentials and tools are kept there.";
  return undefined;
}

/** Of what is below the data: the default workspace, and those that were made for one conversation. */
function isWorkspaceIn(path: string): boolean {
  return /^\/(?:workspaces?|conversations\/[^/]+\/workspace)(?:\/|$)/.test(path);
}

/** `path` is `folder` or lies in it. */
export function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

async function real(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path));
}
