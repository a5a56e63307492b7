/** Bodies of the workspace routes: diffs, files of the past, and restore previews. */
import type { ExcludedFiles } from "../wire/observations.ts";

export interface FileChange {
  readonly status: "added" | "modified" | "deleted" | "renamed" | "type_changed";
  /** Relative to the workspace. Bytes that are not UTF-8 become U+FFFD. */
  readonly path: string;
  /** The previous path of a renamed file. */
  readonly old_path?: string;
  /** 100644, 100755, or 120000 for a symbolic link; both are set only if the mode changed. */
  readonly old_mode?: string;
  readonly mode?: string;
  readonly binary: boolean;
  /** Lines; 0 for a binary file. */
  readonly added_lines: number;
  readonly deleted_lines: number;
}

export interface FileDiff extends FileChange {
  /** A unified diff as git writes it; null for a binary file, and when the size limit was reached. */
  readonly patch: string | null;
  /** The patch was truncated or omitted (limits: 256 KiB per file, 4 MiB in total). */
  readonly truncated: boolean;
}

export interface TreeDiff {
  /** At most 2,000. */
  readonly files: readonly FileDiff[];
  /** Counts cover all files, including those beyond the limit. */
  readonly changed_files: number;
  readonly added_lines: number;
  readonly deleted_lines: number;
  readonly truncated: boolean;
}

export interface WorkspaceDiff extends TreeDiff {
  /** Ids of the events whose workspaces are compared; `to` is null for the current workspace. */
  readonly from: number;
  readonly to: number | null;
  readonly excluded: ExcludedFiles;
}

/** A file at an earlier event. */
export interface HistoryFile {
  /** Relative to the workspace. Bytes that are not UTF-8 become U+FFFD. */
  readonly path: string;
  /** 100644, 100755, or 120000 for a symbolic link. */
  readonly mode: string;
  readonly size_bytes: number;
}

export interface HistoryFiles {
  readonly at: number;
  /** Id of the event of the last checkpoint up to `at`, which this shows. */
  readonly after: number;
  /** Sorted by path; at most 20,000. */
  readonly files: readonly HistoryFile[];
  readonly truncated: boolean;
  readonly excluded: ExcludedFiles;
}

export interface RestorePreview {
  readonly at: number;
  /** Id of the event of the last checkpoint up to `at`, which this shows. */
  readonly after: number;
  /** What would happen to each file; at most 2,000. */
  readonly files: readonly FileChange[];
  readonly changed_files: number;
  /** Those of them that have since been changed outside the agent's turns. */
  readonly changed_since: readonly string[];
  readonly excluded: ExcludedFiles;
}
