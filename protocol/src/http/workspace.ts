/** What the HTTP side tells of the workspace: its changes, and what a restore would do. */
import type { ExcludedFiles } from "../wire/observations.ts";

export interface FileChange {
  readonly status: "added" | "modified" | "deleted" | "renamed" | "type_changed";
  /** From the workspace on. What is no UTF-8 in it is U+FFFD. */
  readonly path: string;
  /** Where it was, when it was renamed. */
  readonly old_path?: string;
  /** 100644, 100755, or 120000 for a symbolic link; both only where the mode has changed. */
  readonly old_mode?: string;
  readonly mode?: string;
  readonly binary: boolean;
  /** Lines; 0 for a binary file. */
  readonly added_lines: number;
  readonly deleted_lines: number;
}

export interface FileDiff extends FileChange {
  /** A unified diff as git writes it; null for a binary file, and where there was no more room. */
  readonly patch: string | null;
  /** The patch was cut (256 KiB a file, 4 MiB in all), or left out. */
  readonly truncated: boolean;
}

export interface TreeDiff {
  /** At most 2,000. */
  readonly files: readonly FileDiff[];
  /** Of all. */
  readonly changed_files: number;
  readonly added_lines: number;
  readonly deleted_lines: number;
  readonly truncated: boolean;
}

export interface WorkspaceDiff extends TreeDiff {
  /** The events whose workspaces are compared; `to` is null for the workspace as it is. */
  readonly from: number;
  readonly to: number | null;
  readonly left_out: ExcludedFiles;
}

/** A file as it was. */
export interface HistoryFile {
  /** From the workspace on. What is no UTF-8 in it is U+FFFD. */
  readonly path: string;
  /** 100644, 100755, or 120000 for a symbolic link. */
  readonly mode: string;
  readonly size_bytes: number;
}

export interface HistoryFiles {
  readonly at: number;
  /** The event whose workspace it is: the last snapshot up to `at`. */
  readonly after: number;
  /** By path; at most 20,000. */
  readonly files: readonly HistoryFile[];
  readonly truncated: boolean;
  readonly left_out: ExcludedFiles;
}

export interface RestorePreview {
  readonly at: number;
  /** The event whose workspace it is: the last snapshot up to `at`. */
  readonly after: number;
  /** What would be done to each file; at most 2,000. */
  readonly files: readonly FileChange[];
  readonly changed_files: number;
  /** Of these, what was changed outside the agent's turns since. */
  readonly changed_since: readonly string[];
  readonly left_out: ExcludedFiles;
}
