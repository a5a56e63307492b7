import type { WorkspaceChoice } from "@deckhand/protocol";

/** Is told, in a sentence, how far the making of a workspace is. */
export type OnProgress = (sentence: string) => void;

/** Where conversations work: the folder of each, made as it was chosen, and removed with it. */
export interface Workspaces {
  /** The folder of a conversation with that choice, absolute; it may not be there yet. */
  pathOf(conversation: string, choice: WorkspaceChoice | undefined): string;
  /** Nothing is left to do before it can be worked in. */
  isReady(conversation: string, choice: WorkspaceChoice | undefined): boolean;
  /** Says at once what can be said without making it. Fails with `bad_args`, and with `conflict` where it meets another one. */
  check(conversation: string, choice: WorkspaceChoice): Promise<void>;
  /**
   * Makes it whole or not at all; what is there already stays as it is. Fails with `workspace_failed`, `sandbox_unavailable`,
   * `interrupted`, and as `check` does.
   */
  create(conversation: string, choice: WorkspaceChoice, tell: OnProgress, signal: AbortSignal): Promise<void>;
  /** Why something would be lost with it, in a sentence; undefined where nothing would. */
  unsavedWork(
    conversation: string,
    choice: WorkspaceChoice | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /**
   * Removes what was made for the conversation. The commits of a worktree's branch are in its repository then; where they cannot be,
   * it fails with `workspace_failed` and nothing is removed, unless `discard`.
   */
  remove(conversation: string, choice: WorkspaceChoice | undefined, discard: boolean): Promise<void>;
}
