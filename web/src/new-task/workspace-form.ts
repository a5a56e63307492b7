/** The form for the workspace of a new task. */
import type { UploadFile } from "@deckhand/client";
import type { WorkspaceChoice } from "@deckhand/protocol";
import { client } from "../server.ts";
import type { Messages } from "../i18n/messages.ts";

export type WorkspaceKind = keyof Messages["newTask"]["workspaces"];

export interface WorkspaceForm {
  readonly kind: WorkspaceKind;
  /** A path or a URL. */
  readonly text: string;
  /** A branch, tag or commit. */
  readonly ref: string;
  readonly files: readonly UploadFile[];
}

export const defaultWorkspace: WorkspaceForm = { kind: "default", text: "", ref: "", files: [] };

/** Whether a required field is empty. */
export function isIncomplete({ kind, text, files }: WorkspaceForm): boolean {
  if (kind === "upload") return files.length === 0;
  return kind !== "default" && kind !== "empty" && text.trim() === "";
}

/** Uploads the chosen files first, if any. Undefined for the server's default workspace. */
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

/** A single archive is unpacked by the server; undefined for anything else. */
function archiveOf(files: readonly UploadFile[]): { readonly data: File; readonly type: string } | undefined {
  const [only] = files;
  if (files.length !== 1 || only === undefined || !(only.data instanceof File)) return undefined;
  const { data } = only;
  if (/\.zip$/i.test(data.name)) return { data, type: "application/zip" };
  if (/\.tar$/i.test(data.name)) return { data, type: "application/x-tar" };
  if (/\.(tgz|tar\.gz)$/i.test(data.name)) return { data, type: "application/gzip" };
  return undefined;
}
