/** Where a task is worked on, as it is being chosen. */
import type { UploadFile } from "@deckhand/client";
import type { WorkspaceChoice } from "@deckhand/protocol";
import { client } from "../server.ts";
import type { Messages } from "../i18n/messages.ts";
import { archiveOf } from "./chosen-files.ts";

export type WorkspaceKind = keyof Messages["newTask"]["workspaces"];

export interface WorkspaceForm {
  readonly kind: WorkspaceKind;
  /** A path or an address. */
  readonly text: string;
  /** A branch, tag or commit. */
  readonly ref: string;
  readonly files: readonly UploadFile[];
}

export const defaultWorkspace: WorkspaceForm = { kind: "default", text: "", ref: "", files: [] };

/** Something is missing yet. */
export function isIncomplete({ kind, text, files }: WorkspaceForm): boolean {
  if (kind === "upload") return files.length === 0;
  return kind !== "default" && kind !== "empty" && text.trim() === "";
}

/** Sends the files first, where there are some. Undefined for the server's default. */
export async function toWorkspaceChoice({
  kind,
  text,
  ref,
  files,
}: WorkspaceForm): Promise<WorkspaceChoice | undefined> {
  const at = ref.trim() === "" ? {} : { ref: ref.trim() };
  switch (kind) {
    case "default":
      return undefined;
    case "empty":
      return {};
    case "folder":
      return { folder: text.trim() };
    case "worktree":
      return { repository: text.trim(), as: "worktree", ...at };
    case "copy":
      return { repository: text.trim(), as: "copy" };
    case "git":
      return { git: text.trim(), ...at };
    case "upload": {
      const archive = archiveOf(files);
      const stored =
        archive === undefined
          ? await client.files.prepare(files)
          : await client.files.prepareArchive(archive.data, archive.type);
      return { upload: stored.id };
    }
  }
}
