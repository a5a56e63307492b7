/**
 * Where a conversation works, by its choice:
 *
 *   none                 the server's default workspace, shared with other conversations
 *   folder               that folder; refused if it overlaps another conversation's folder (folder-locks.ts)
 *   anything else        DECKHAND_HOME/conversations/ID/workspace, for this conversation only
 *
 * The latter are created in DECKHAND_HOME/making/ID and renamed when complete. So an existing workspace is always
 * complete, and whatever is in `making` when a server starts was left unfinished by one that was killed; its programs
 * died with it.
 */
import { existsSync } from "node:fs";
import { chown, mkdir, realpath, rename, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { DeckhandError, workspaceSource } from "@deckhand/protocol";
import { Semaphore } from "../async/semaphore.ts";
import type { RuntimeFactory } from "../runtime/runtime.ts";
import type { RuntimeOptions } from "../runtime/runtime-options.ts";
import { checkWorkspace } from "../runtime/sandbox/workspace-policy.ts";
import { checkFolder, checkSource } from "./check-source.ts";
import { FolderLocks } from "./folder-locks.ts";
import { populate, type PopulatedSource } from "./populate.ts";
import { removeTree } from "./remove-tree.ts";
import { watchSize } from "./size-watch.ts";
import { returnBranch, unsavedWork } from "./unsaved-work.ts";
import type { OnProgress, Uploads, Workspaces } from "./workspaces.ts";

export interface WorkspacesOptions extends RuntimeOptions {
  /** The default workspace. */
  readonly workspace: string;
  readonly runtimes: Pick<RuntimeFactory, "runIsolated">;
  readonly uploads: Uploads;
  /** Time limit for creating one workspace. */
  readonly maxSeconds: number;
  /** Size limit of a new workspace. */
  readonly maxBytes: number;
}

/** Removes what a killed server left unfinished. */
export async function createWorkspaces(options: WorkspacesOptions): Promise<Workspaces> {
  const conversations = join(options.dataHome, "conversations");
  const making = join(options.dataHome, "making");
  const locks = new FolderLocks(conversations);
  const populating = new Semaphore(maxConcurrent);
  await removeTree(making);

  const ownFolder = (conversation: string): string => join(conversations, conversation, "workspace");
  const sources = { runtimes: options.runtimes, uploads: options.uploads, ownFolder };

  /** The owner of the source, who will own the new workspace too. */
  async function ownerOf(source: PopulatedSource): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
    if (process.getuid?.() !== 0) return undefined;
    if ("repository" in source) return stat(source.repository);
    return "conversation" in source ? stat(ownFolder(source.conversation)) : undefined;
  }

  async function createOwn(
    conversation: string,
    source: PopulatedSource | undefined,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<void> {
    const into = join(making, conversation);
    const limit = AbortSignal.timeout(options.maxSeconds * 1000);
    await removeTree(into);
    await mkdir(into, { recursive: true, mode: 0o700 });
    using size = watchSize(into, options.maxBytes, AbortSignal.any([signal, limit]));
    try {
      using _ = await populating.acquire(size.signal);
      if (source !== undefined) {
        const owner = await ownerOf(source);
        if (owner !== undefined) await chown(into, owner.uid, owner.gid);
        const real = "repository" in source ? { ...source, repository: await realpath(source.repository) } : source;
        await populate({ source: real, conversation, into, onProgress, signal: size.signal }, sources);
      }
      await size.measure();
      size.signal.throwIfAborted();
      await mkdir(join(conversations, conversation), { recursive: true, mode: 0o700 });
      await rename(into, ownFolder(conversation));
    } catch (error) {
      await removeTree(into);
      if (signal.aborted) throw new DeckhandError("interrupted", "Creating the workspace was stopped.");
      if (size.isTooLarge) throw tooLarge(options.maxBytes);
      if (limit.aborted) throw tooSlow(options.maxSeconds);
      if (error instanceof DeckhandError) throw error;
      throw new DeckhandError("workspace_failed", `The workspace could not be created: ${(error as Error).message}`);
    }
  }

  async function returnWorktree(path: string, given: string, conversation: string): Promise<void> {
    const repository = await realpath(given).catch((cause: unknown) => {
      const sentence = `The branch cannot be returned: there is no repository at ${given}.`;
      throw new DeckhandError("workspace_failed", sentence, { cause });
    });
    await returnBranch(options.runtimes, { path, repository, conversation }, AbortSignal.timeout(returnBranchMs));
  }

  const workspaces: Workspaces = {
    pathOf(conversation, choice) {
      if (choice === undefined) return options.workspace;
      const source = workspaceSource(choice);
      return source !== undefined && "folder" in source ? resolve(source.folder) : ownFolder(conversation);
    },
    isReady(conversation, choice) {
      if (choice === undefined) return true;
      return "folder" in choice ? locks.has(conversation) : existsSync(ownFolder(conversation));
    },
    async check(conversation, choice) {
      const source = workspaceSource(choice);
      if (source === undefined) return;
      if (!("folder" in source)) return checkSource(source, sources, options);
      await locks.check(conversation, checkFolder(source.folder, options.workspace, options));
    },
    async create(conversation, choice, onProgress, signal) {
      if (workspaces.isReady(conversation, choice)) return;
      await workspaces.check(conversation, choice);
      const source = workspaceSource(choice);
      if (source === undefined || !("folder" in source)) return createOwn(conversation, source, onProgress, signal);
      const { path } = await checkWorkspace(source.folder, options);
      checkFolder(path, options.workspace, options);
      const others = await locks.acquire(conversation, path);
      if (others.length > 0) onProgress(`Also working in this folder: conversation ${others.join(", ")}`);
    },
    async unsavedWork(conversation, choice, signal) {
      if (choice === undefined || "folder" in choice || !workspaces.isReady(conversation, choice)) return undefined;
      return unsavedWork(options.runtimes, { path: ownFolder(conversation), choice, conversation }, signal);
    },
    async remove(conversation, choice, discard) {
      await locks.release(conversation);
      const path = ownFolder(conversation);
      const source = choice === undefined ? undefined : workspaceSource(choice);
      if (source !== undefined && "repository" in source && source.as === "worktree" && existsSync(path)) {
        await returnWorktree(path, source.repository, conversation).catch((error: unknown) => {
          // The repository may no longer exist.
          if (!discard) throw error;
        });
      }
      await removeTree(join(making, conversation));
      await removeTree(dirname(path));
    },
  };
  return workspaces;
}

const returnBranchMs = 60_000;
/** Each one uses disk, network and a CPU core. */
const maxConcurrent = 4;

function tooLarge(maxBytes: number): DeckhandError {
  const mib = Math.round(maxBytes / 1024 / 1024);
  return new DeckhandError("workspace_failed", `The workspace is larger than ${mib} MiB (DECKHAND_WORKSPACE_MIB).`);
}

function tooSlow(seconds: number): DeckhandError {
  const sentence = `The workspace was not ready after ${seconds} s (DECKHAND_WORKSPACE_SECONDS).`;
  return new DeckhandError("workspace_failed", sentence);
}
