/**
 * Workspaces, as they are chosen:
 *
 *   none                 the server's default workspace, which others may share
 *   folder               that folder; refused where it lies in, or holds, the folder of another conversation (claims.ts)
 *   anything else        DECKHAND_HOME/conversations/ID/workspace, for this one conversation
 *
 * The last are made in DECKHAND_HOME/making/ID and renamed when they are whole. So a folder that is there is whole, and what a killed
 * server left half done is what lies in `making` when the next one starts. Its programs died with it.
 */
import { existsSync } from "node:fs";
import { chown, mkdir, realpath, rename, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { DeckhandError, workspaceSource } from "@deckhand/protocol";
import type { RuntimeFactory } from "../runtime/runtime.ts";
import type { RuntimeOptions } from "../runtime/wall/options.ts";
import { checkedWorkspace, isIn, whyNoWorkspace } from "../runtime/wall/workspace.ts";
import { FolderLocks } from "./folder-locks.ts";
import { populate, type PopulatedChoice } from "./populate.ts";
import { gitAddress, gitRef } from "./git-address.ts";
import { returnBranch, unsavedWork } from "./unsaved-work.ts";
import type { Workspaces, OnProgress } from "./workspaces.ts";
import { removeTree } from "./remove-tree.ts";
import { Slots } from "./slots.ts";
import { watchSize } from "./size-watch.ts";
import type { Uploads } from "./uploads.ts";

export interface WorkspacesOptions extends RuntimeOptions {
  /** The default workspace. */
  readonly workspace: string;
  readonly runtimes: Pick<RuntimeFactory, "runApart">;
  readonly uploads: Uploads;
  /** Of one workspace that is made. */
  readonly maxSeconds: number;
  readonly maxBytes: number;
}

/** Removes what a killed server left half made. */
export async function createWorkspaces(options: WorkspacesOptions): Promise<Workspaces> {
  const conversations = join(options.dataHome, "conversations");
  const making = join(options.dataHome, "making");
  const claims = new FolderLocks(conversations);
  const slots = new Slots(madeAtOnce);
  await removeTree(making);

  const ownFolder = (conversation: string): string => join(conversations, conversation, "workspace");

  async function checkMade(choice: PopulatedChoice): Promise<void> {
    if ("git" in choice) gitAddress(choice.git);
    if ("ref" in choice && choice.ref !== undefined) gitRef(choice.ref);
    if ("upload" in choice) await options.uploads.check(choice.upload);
    if ("conversation" in choice && !(await isFolder(ownFolder(choice.conversation)))) {
      throw new DeckhandError("bad_args", `conversation: ${choice.conversation} has no folder of its own to copy.`);
    }
    if ("repository" in choice) await checkRepository(choice);
  }

  async function checkRepository({
    repository,
    as,
    ref,
  }: Extract<PopulatedChoice, { repository: string }>): Promise<void> {
    if (!isAbsolute(repository)) throw new DeckhandError("bad_args", "repository: the path must be absolute.");
    const path = await realpath(repository).catch(() => resolve(repository));
    const why = whyNoWorkspace(path, options);
    if (why !== undefined) throw new DeckhandError("bad_args", `repository: ${repository} cannot be used: ${why}`);
    if (!(await isFolder(as === "copy" ? path : join(path, ".git")))) {
      throw new DeckhandError(
        "bad_args",
        `repository: there is no ${as === "copy" ? "folder" : "git repository"} ${repository}.`,
      );
    }
    if (as === "copy" && ref !== undefined) throw new DeckhandError("bad_args", "ref: a copy is of what lies there.");
  }

  async function checkFolder(conversation: string, folder: string): Promise<void> {
    if (!isAbsolute(folder) || folder.includes("\0")) {
      throw new DeckhandError("bad_args", "folder: the path must be absolute.");
    }
    const path = resolve(folder);
    const why = whyNoWorkspace(path, options);
    if (why !== undefined) throw new DeckhandError("bad_args", `folder: ${path} cannot be a workspace: ${why}`);
    if (path !== options.workspace && isIn(options.workspace, path)) {
      throw new DeckhandError("conflict", `${path} holds ${options.workspace}, where other conversations work.`);
    }
    await claims.check(conversation, path);
  }

  /** The owner of what it is made from, so that what comes of it is his. */
  async function ownerOf(choice: PopulatedChoice): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
    const source =
      "repository" in choice
        ? choice.repository
        : "conversation" in choice
          ? ownFolder(choice.conversation)
          : undefined;
    return source === undefined || process.getuid?.() !== 0 ? undefined : stat(source);
  }

  async function makeOwn(
    conversation: string,
    choice: PopulatedChoice | undefined,
    tell: OnProgress,
    signal: AbortSignal,
  ): Promise<void> {
    const into = join(making, conversation);
    const limit = AbortSignal.timeout(options.maxSeconds * 1000);
    await removeTree(into);
    await mkdir(into, { recursive: true, mode: 0o700 });
    using size = watchSize(into, options.maxBytes, AbortSignal.any([signal, limit]));
    try {
      using _ = await slots.take(size.signal);
      if (choice !== undefined) {
        const owner = await ownerOf(choice);
        if (owner !== undefined) await chown(into, owner.uid, owner.gid);
        const real = "repository" in choice ? { ...choice, repository: await realpath(choice.repository) } : choice;
        await populate(
          { choice: real, conversation, into, onProgress: tell, signal: size.signal },
          { ...options, ownFolder },
        );
      }
      await size.look();
      size.signal.throwIfAborted();
      await mkdir(join(conversations, conversation), { recursive: true, mode: 0o700 });
      await rename(into, ownFolder(conversation));
    } catch (error) {
      await removeTree(into);
      if (signal.aborted) throw new DeckhandError("interrupted", "The making of the workspace was stopped.");
      if (size.isTooLarge) throw tooLarge(options.maxBytes);
      if (limit.aborted) throw tooSlow(options.maxSeconds);
      if (error instanceof DeckhandError) throw error;
      throw new DeckhandError("workspace_failed", `The workspace could not be made: ${(error as Error).message}`);
    }
  }

  async function home(path: string, given: string, conversation: string): Promise<void> {
    const repository = await realpath(given).catch((cause: unknown) => {
      throw new DeckhandError("workspace_failed", `There is no repository ${given} to bring the branch into.`, {
        cause,
      });
    });
    await returnBranch(options.runtimes, { path, repository, conversation }, AbortSignal.timeout(bringHomeMs));
  }

  const places: Workspaces = {
    pathOf(conversation, choice) {
      if (choice === undefined) return options.workspace;
      const named = workspaceSource(choice);
      return named !== undefined && "folder" in named ? resolve(named.folder) : ownFolder(conversation);
    },
    isReady(conversation, choice) {
      if (choice === undefined) return true;
      return "folder" in choice ? claims.has(conversation) : existsSync(ownFolder(conversation));
    },
    async check(conversation, choice) {
      const named = workspaceSource(choice);
      if (named === undefined) return;
      await ("folder" in named ? checkFolder(conversation, named.folder) : checkMade(named));
    },
    async create(conversation, choice, tell, signal) {
      if (places.isReady(conversation, choice)) return;
      await places.check(conversation, choice);
      const named = workspaceSource(choice);
      if (named === undefined || !("folder" in named)) return makeOwn(conversation, named, tell, signal);
      const { path } = await checkedWorkspace(named.folder, options);
      await checkFolder(conversation, path);
      await claims.acquire(conversation, path);
      const others = claims.sharedWith(conversation, path);
      if (others.length > 0) tell(`Also at work in this folder: conversation ${others.join(", ")}`);
    },
    async unsavedWork(conversation, choice, signal) {
      if (choice === undefined || "folder" in choice || !places.isReady(conversation, choice)) return undefined;
      return unsavedWork(options.runtimes, { path: ownFolder(conversation), choice, conversation }, signal);
    },
    async remove(conversation, choice, discard) {
      await claims.release(conversation);
      const path = ownFolder(conversation);
      const named = choice === undefined ? undefined : workspaceSource(choice);
      if (named !== undefined && "repository" in named && named.as === "worktree" && existsSync(path)) {
        await home(path, named.repository, conversation).catch((error: unknown) => {
          // Its repository may have gone.
          if (!discard) throw error;
        });
      }
      await removeTree(join(making, conversation));
      await removeTree(dirname(path));
    },
  };
  return places;
}

const bringHomeMs = 60_000;
/** Each takes the disk, the network and a processor. */
const madeAtOnce = 4;

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function tooLarge(maxBytes: number): DeckhandError {
  const mib = Math.round(maxBytes / 1024 / 1024);
  return new DeckhandError("workspace_failed", `The workspace is larger than ${mib} MiB (DECKHAND_WORKSPACE_MIB).`);
}

function tooSlow(seconds: number): DeckhandError {
  const sentence = `The workspace was not ready after ${seconds} s (DECKHAND_WORKSPACE_SECONDS).`;
  return new DeckhandError("workspace_failed", sentence);
}
