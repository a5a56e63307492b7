/** Checks a chosen source before a workspace is created from it. Everything here fails with `bad_args` or `conflict`. */
import { realpath, stat } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import type { RuntimeOptions } from "../runtime/runtime-options.ts";
import { isIn, workspaceProblem } from "../runtime/sandbox/workspace-policy.ts";
import { gitAddress, gitRef } from "./git-address.ts";
import type { PopulatedSource, Sources } from "./populate.ts";

export async function checkSource(
  source: PopulatedSource,
  { ownFolder, uploads }: Pick<Sources, "ownFolder" | "uploads">,
  options: RuntimeOptions,
): Promise<void> {
  if ("git" in source) gitAddress(source.git);
  if ("ref" in source && source.ref !== undefined) gitRef(source.ref);
  if ("upload" in source) await uploads.check(source.upload);
  if ("conversation" in source && !(await isFolder(ownFolder(source.conversation)))) {
    throw badArgs(`conversation: ${source.conversation} has no workspace of its own to copy.`);
  }
  if ("repository" in source) await checkRepository(source, options);
}

type RepositorySource = Extract<PopulatedSource, { repository: string }>;

async function checkRepository({ repository, as, ref }: RepositorySource, options: RuntimeOptions): Promise<void> {
  if (!isAbsolute(repository)) throw badArgs("repository: the path must be absolute.");
  const path = await realpath(repository).catch(() => resolve(repository));
  const problem = workspaceProblem(path, options);
  if (problem !== undefined) throw badArgs(`repository: ${repository} cannot be used: ${problem}`);
  const isCopy = as === "copy";
  if (!(await isFolder(isCopy ? path : join(path, ".git")))) {
    throw badArgs(`repository: ${repository} is not a ${isCopy ? "folder" : "git repository"}.`);
  }
  if (isCopy && ref !== undefined) {
    throw badArgs("ref: not allowed with `as: copy`, which copies the folder in its current state.");
  }
}

/** Returns the normalized path. `defaultWorkspace` is shared by conversations that chose nothing. */
export function checkFolder(folder: string, defaultWorkspace: string, options: RuntimeOptions): string {
  if (!isAbsolute(folder) || folder.includes("\0")) throw badArgs("folder: the path must be absolute.");
  const path = resolve(folder);
  const problem = workspaceProblem(path, options);
  if (problem !== undefined) throw badArgs(`folder: ${path} cannot be a workspace: ${problem}`);
  if (path !== defaultWorkspace && isIn(defaultWorkspace, path)) {
    const sentence = `${path} contains ${defaultWorkspace}, the default workspace of other conversations.`;
    throw new DeckhandError("conflict", sentence);
  }
  return path;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

function badArgs(sentence: string): DeckhandError {
  return new DeckhandError("bad_args", sentence);
}
