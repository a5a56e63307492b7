/** Bodies of the file routes. Paths are relative to the workspace. */

export interface FileEntry {
  readonly name: string;
  readonly type: "file" | "folder" | "link" | "other";
  /** For links: what the target is; `missing` if the link is broken. */
  readonly target_type?: "file" | "folder" | "other" | "missing";
  readonly size_bytes: number;
  /** ISO 8601. */
  readonly modified_at: string;
  /** The name begins with a dot. */
  readonly hidden: boolean;
  /** Excluded by the .gitignore of a surrounding repository. */
  readonly ignored: boolean;
}

/** Folders first, then by name. */
export interface FilePage {
  readonly entries: readonly FileEntry[];
  /** `after` for the next page; null on the last one. */
  readonly next: string | null;
  /** The folder has too many entries to read, or names that are not valid UTF-8. */
  readonly incomplete: boolean;
}

/** A file found by name, or a matching line in one. */
export interface FoundFile {
  readonly path: string;
  /** Counted from 1. */
  readonly line?: number;
  readonly text?: string;
}

/** Uploaded files for a new conversation. */
export interface StoredUpload {
  /** For the setting `workspace: {upload: id}`; can be used once. */
  readonly id: string;
  readonly files: number;
  readonly size_bytes: number;
  readonly expires_at: string;
}
