/**
 * Decides which folders can be workspaces. One that contains a home folder, the server's data or the system would
 * expose all of it.
 */
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

/** Neither these folders nor anything below them. */
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
/** Not these folders themselves, but folders below them are allowed. */
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
/** The parts of /usr where people put their own files. */
const openInUsr = ["/usr/local/src", "/usr/src", "/usr/home"];
/** In a home folder: credentials, and tools that other programs share. */
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

/** Creates the folder if it is missing. Fails with `sandbox_unavailable`. */
export async function checkWorkspace(workspace: string, options: RuntimeOptions): Promise<CheckedWorkspace> {
  const given = resolve(workspace);
  refuse(given, options);
  try {
    await mkdir(given, { recursive: true });
    const path = await realpath(given);
    const [dataHome, userHome] = await Promise.all([realPathOf(options.dataHome), realPathOf(options.userHome)]);
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

/** Why a path cannot be a workspace, as the end of a sentence; undefined if it can. */
export function workspaceProblem(
  path: string,
  { dataHome, userHome }: Pick<RuntimeOptions, "dataHome" | "userHome">,
): string | undefined {
  const isPrivate = isIn(path, resolve(dataHome)) && conversationFolders.test(path.slice(resolve(dataHome).length));
  return whyNot(path, resolve(dataHome), resolve(userHome)) ?? (isPrivate ? otherConversation : undefined);
}

const otherConversation = "it belongs to another conversation.";
/** Below the server's data: folders created for conversations, and everything else that belongs to them. */
const conversationFolders = /^\/(?:conversations|making|uploads)(?:\/|$)/;

function refuse(path: string, { dataHome, userHome }: Pick<RuntimeOptions, "dataHome" | "userHome">): void {
  const why = whyNot(path, resolve(dataHome), resolve(userHome));
  if (why !== undefined) {
    throw new DeckhandError("sandbox_unavailable", `${path} cannot be a workspace: ${why} Choose a dedicated folder.`);
  }
}

function whyNot(path: string, dataHome: string, userHome: string): string | undefined {
  if (isIn(dataHome, path)) return "it contains the server's own data.";
  if (isIn(path, dataHome) && !isWorkspaceIn(path.slice(dataHome.length)))
    return "it is part of the server's own data.";
  if (isIn(userHome, path) || dirname(path) === "/home") return "it is or contains a home folder.";
  if (closedFolders.includes(path) || closedTrees.some((tree) => isIn(path, tree))) return "it belongs to the system.";
  if (isIn(path, "/usr") && !openInUsr.some((tree) => isIn(path, tree))) return "it belongs to the system.";
  if (protectedInHome.some((name) => isIn(path, `${userHome}/${name}`))) return "it contains credentials or tools.";
  return undefined;
}

/** Below the server's data: the default workspace, and those created for one conversation. */
function isWorkspaceIn(path: string): boolean {
  return /^\/(?:workspaces?|conversations\/[^/]+\/workspace)(?:\/|$)/.test(path);
}

/** Whether `path` is `folder` or below it. */
export function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

async function realPathOf(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path));
}
