/** The files of a conversation's workspace. Paths are relative to it. */
import type { SendRequest } from "./api.ts";

export interface FileEntry {
  readonly name: string;
  readonly type: "file" | "folder" | "link" | "other";
  /** Of a link: what it leads to. */
  readonly target_type?: "file" | "folder" | "other" | "missing";
  readonly size_bytes: number;
  /** ISO 8601. */
  readonly modified_at: string;
  /** Its name begins with a dot. */
  readonly hidden: boolean;
  /** A repository around it does not want it. */
  readonly ignored: boolean;
}

/** Folders first, then by name. `next` is the `after` of the page that follows, null on the last one. */
export interface FilePage {
  readonly entries: readonly FileEntry[];
  readonly next: string | null;
  /** There is more than is looked at, or a name that is no UTF-8. */
  readonly incomplete: boolean;
}

/** A file, or a line of one. */
export interface FoundFile {
  readonly path: string;
  /** Counted from 1. */
  readonly line?: number;
  readonly text?: string;
}

export interface FileData {
  readonly bytes: ReadableStream<Uint8Array>;
  readonly sizeBytes: number;
  /** For `ifTag`: another one whenever the file has changed. */
  readonly tag: string;
  readonly contentType: string;
}

export interface WriteOptions {
  /** Only over this state of it (`tag` of what was read), or only when there is none yet (`"new"`); else `conflict`. */
  readonly ifTag?: string;
}

export interface UploadFile {
  /** With folders: `src/a.ts`. */
  readonly path: string;
  readonly data: Blob;
}

export interface StoredUpload {
  /** For `workspace: {upload: id}`; good for one conversation. */
  readonly id: string;
  readonly files: number;
  readonly size_bytes: number;
  readonly expires_at: string;
}

export interface Files {
  list(
    conversation: string,
    options?: { path?: string; after?: string; limit?: number },
    signal?: AbortSignal,
  ): Promise<FilePage>;
  /** By words of the path, or by a part of a line. */
  find(
    conversation: string,
    text: string,
    within: "names" | "content",
    signal?: AbortSignal,
  ): Promise<{ readonly found: readonly FoundFile[]; readonly truncated: boolean }>;
  /** As it comes. Fails with `file_not_found`, `is_directory`, `outside_workspace`. */
  read(conversation: string, path: string, signal?: AbortSignal): Promise<FileData>;
  /** Writes it exactly and whole. A text of up to 256 KiB is a `write` of the user in the log. Resolves with the new tag. */
  write(
    conversation: string,
    path: string,
    data: string | Uint8Array<ArrayBuffer> | Blob,
    options?: WriteOptions,
    signal?: AbortSignal,
  ): Promise<string>;
  /** Puts files below `folder`; what is there of that name is replaced. */
  upload(conversation: string, files: readonly UploadFile[], folder?: string, signal?: AbortSignal): Promise<void>;
  /** A folder as a zip. */
  archive(conversation: string, path?: string, signal?: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  /** Sends files for a conversation that is yet to begin. */
  prepare(files: readonly UploadFile[], signal?: AbortSignal): Promise<StoredUpload>;
  /** The same from an archive: `application/zip`, `application/x-tar` or `application/gzip`. */
  prepareArchive(archive: Blob, contentType: string, signal?: AbortSignal): Promise<StoredUpload>;
}

export function createFilesApi(ask: SendRequest): Files {
  return {
    list: async (conversation, { path = "", after, limit = 200 } = {}, signal) => {
      const search = new URLSearchParams({ path, limit: String(limit), ...(after === undefined ? {} : { after }) });
      const answer = await ask("GET", `${conversationPath(conversation)}/files?${search.toString()}`, {}, signal);
      return (await answer.json()) as FilePage;
    },
    find: async (conversation, text, within, signal) => {
      const search = new URLSearchParams({ text, in: within });
      const answer = await ask("GET", `${conversationPath(conversation)}/find?${search.toString()}`, {}, signal);
      return (await answer.json()) as { found: readonly FoundFile[]; truncated: boolean };
    },
    read: async (conversation, path, signal) => {
      const { headers, body } = await ask("GET", `${conversationPath(conversation)}/file?${query(path)}`, {}, signal);
      return {
        bytes: body ?? new Blob([]).stream(),
        sizeBytes: Number(headers.get("content-length")),
        tag: headers.get("etag") ?? "",
        contentType: headers.get("content-type") ?? "",
      };
    },
    write: async (conversation, path, data, { ifTag } = {}, signal) => {
      const condition = ifTag === undefined ? {} : ifTag === "new" ? { "if-none-match": "*" } : { "if-match": ifTag };
      const headers = { "content-type": "application/octet-stream", ...condition };
      const answer = await ask(
        "PUT",
        `${conversationPath(conversation)}/file?${query(path)}`,
        { headers, data },
        signal,
      );
      return answer.headers.get("etag") ?? "";
    },
    upload: async (conversation, files, folder = "", signal) => {
      await ask("POST", `${conversationPath(conversation)}/upload?${query(folder)}`, { data: formOf(files) }, signal);
    },
    archive: async (conversation, path = "", signal) => {
      const { body } = await ask("GET", `${conversationPath(conversation)}/archive?${query(path)}`, {}, signal);
      return body ?? new Blob([]).stream();
    },
    prepare: async (files, signal) =>
      (await (await ask("POST", "api/uploads", { data: formOf(files) }, signal)).json()) as StoredUpload,
    prepareArchive: async (archive, contentType, signal) => {
      const sent = { headers: { "content-type": contentType }, data: archive };
      return (await (await ask("POST", "api/uploads", sent, signal)).json()) as StoredUpload;
    },
  };
}

function formOf(files: readonly UploadFile[]): FormData {
  const form = new FormData();
  for (const { path, data } of files) form.append("files", data, path);
  return form;
}

function conversationPath(conversation: string): string {
  return `api/conversations/${encodeURIComponent(conversation)}`;
}

function query(path: string): string {
  return new URLSearchParams({ path }).toString();
}
