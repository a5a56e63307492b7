/** The files of a workspace. Paths are relative to it. */
import type { FilePage, FoundFile, StoredUpload } from "@deckhand/protocol";
import { bodyOf, conversationPath, type SendRequest } from "./request.ts";

export interface FileData {
  readonly bytes: ReadableStream<Uint8Array>;
  readonly sizeBytes: number;
  /** For `ifTag`; changes whenever the file does. */
  readonly tag: string;
  readonly contentType: string;
}

export interface WriteOptions {
  /**
   * Only write if the file still has this tag, else fail with `conflict`; or, with `"new"`, only if it does not exist,
   * else fail with `exists`.
   */
  readonly ifTag?: string;
}

export interface UploadFile {
  /** May include folders: `src/a.ts`. */
  readonly path: string;
  readonly data: Blob;
}

export interface FilesApi {
  list(
    conversation: string,
    options?: { path?: string; after?: string; limit?: number },
    signal?: AbortSignal,
  ): Promise<FilePage>;
  /** Searches file names by words of the path, or contents by part of a line. */
  find(
    conversation: string,
    text: string,
    within: "names" | "content",
    signal?: AbortSignal,
  ): Promise<{ readonly found: readonly FoundFile[]; readonly truncated: boolean }>;
  /** Streams a file. Fails with `file_not_found`, `is_directory`, `outside_workspace`. */
  read(conversation: string, path: string, signal?: AbortSignal): Promise<FileData>;
  /** Replaces a file. Text of up to 256 KiB is recorded in the log as the user's `write`. Resolves with the new tag. */
  write(
    conversation: string,
    path: string,
    data: string | Uint8Array<ArrayBuffer> | Blob,
    options?: WriteOptions,
    signal?: AbortSignal,
  ): Promise<string>;
  /** Adds files below `folder`, replacing files of the same name. */
  upload(conversation: string, files: readonly UploadFile[], folder?: string, signal?: AbortSignal): Promise<void>;
  /** Downloads a folder as a zip archive. */
  archive(conversation: string, path?: string, signal?: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  /** Uploads files for a new conversation. */
  prepare(files: readonly UploadFile[], signal?: AbortSignal): Promise<StoredUpload>;
  /** Uploads an archive: `application/zip`, `application/x-tar` or `application/gzip`. */
  prepareArchive(archive: Blob, contentType: string, signal?: AbortSignal): Promise<StoredUpload>;
}

export function createFilesApi(send: SendRequest): FilesApi {
  return {
    list: async (conversation, { path = "", after, limit = 200 } = {}, signal) => {
      const search = new URLSearchParams({ path, limit: String(limit), ...(after === undefined ? {} : { after }) });
      const response = await send("GET", `${conversationPath(conversation)}/files?${search.toString()}`, {}, signal);
      return (await response.json()) as FilePage;
    },
    find: async (conversation, text, within, signal) => {
      const search = new URLSearchParams({ text, in: within });
      const response = await send("GET", `${conversationPath(conversation)}/find?${search.toString()}`, {}, signal);
      return (await response.json()) as { found: readonly FoundFile[]; truncated: boolean };
    },
    read: async (conversation, path, signal) => {
      const response = await send("GET", `${conversationPath(conversation)}/file?${query(path)}`, {}, signal);
      const { headers } = response;
      return {
        bytes: bodyOf(response),
        sizeBytes: Number(headers.get("content-length")),
        tag: headers.get("etag") ?? "",
        contentType: headers.get("content-type") ?? "",
      };
    },
    write: async (conversation, path, data, { ifTag } = {}, signal) => {
      const condition = ifTag === undefined ? {} : ifTag === "new" ? { "if-none-match": "*" } : { "if-match": ifTag };
      const headers = { "content-type": "application/octet-stream", ...condition };
      const target = `${conversationPath(conversation)}/file?${query(path)}`;
      const response = await send("PUT", target, { headers, data }, signal);
      return response.headers.get("etag") ?? "";
    },
    upload: async (conversation, files, folder = "", signal) => {
      const target = `${conversationPath(conversation)}/upload?${query(folder)}`;
      await send("POST", target, { data: formOf(files) }, signal);
    },
    archive: async (conversation, path = "", signal) =>
      bodyOf(await send("GET", `${conversationPath(conversation)}/archive?${query(path)}`, {}, signal)),
    prepare: async (files, signal) =>
      (await (await send("POST", "api/uploads", { data: formOf(files) }, signal)).json()) as StoredUpload,
    prepareArchive: async (archive, contentType, signal) => {
      const body = { headers: { "content-type": contentType }, data: archive };
      return (await (await send("POST", "api/uploads", body, signal)).json()) as StoredUpload;
    },
  };
}

function formOf(files: readonly UploadFile[]): FormData {
  const form = new FormData();
  for (const { path, data } of files) form.append("files", data, path);
  return form;
}

function query(path: string): string {
  return new URLSearchParams({ path }).toString();
}
