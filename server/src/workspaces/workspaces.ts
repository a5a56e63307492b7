import type { WorkspaceChoice } from "@deckhand/protocol";

/** Receives a sentence for each step while a workspace is created. */
export type OnProgress = (sentence: string) => void;

/**
 * The folders that conversations work in: created according to the conversation's choice, removed with the
 * conversation.
 */
export interface Workspaces {
  /** The absolute path for a conversation with that choice; the folder may not exist yet. */
  pathOf(conversation: string, choice: WorkspaceChoice | undefined): string;
  /** True when `create` has nothing left to do. */
  isReady(conversation: string, choice: WorkspaceChoice | undefined): boolean;
  /**
   * Reports what can be known without creating it. Fails with `bad_args`, or `conflict` if it overlaps another
   * conversation's folder.
   */
  check(conversation: string, choice: WorkspaceChoice): Promise<void>;
  /**
   * Creates the whole workspace or nothing; an existing one is left as it is. Fails with `workspace_failed`,
   * `sandbox_unavailable`, `interrupted`, and as `check` does.
   */
  create(conversation: string, choice: WorkspaceChoice, onProgress: OnProgress, signal: AbortSignal): Promise<void>;
  /** A sentence on what would be lost if the workspace were removed; undefined if nothing would. */
  unsavedWork(
    conversation: string,
    choice: WorkspaceChoice | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /**
   * Removes what was created for the conversation. The commits on a worktree's branch are returned to its repository
   * first; if that is impossible, it fails with `workspace_failed` and removes nothing, unless `discard` is set.
   */
  remove(conversation: string, choice: WorkspaceChoice | undefined, discard: boolean): Promise<void>;
}

/** Files that were uploaded before the conversation that will work on them was created. */
export interface Uploads {
  /** Fails with `bad_args` if there is no upload with that id. */
  check(id: string): Promise<void>;
  /** Moves the files into the empty folder, which uses up the upload. */
  take(id: string, into: string): Promise<void>;
}
