/** Uploads: one file, a form or an archive in the request body, stored file by file. */
import { posix } from "node:path";
import type { Context } from "hono";
import { DeckhandError } from "@deckhand/protocol";
import type { ConversationApi, UploadedFile } from "../../conversation/api.ts";
import { writeChunks } from "../../files/content.ts";
import { archiveTypes, fromArchive, fromForm, type IncomingFile, type IncomingLimits } from "../../files/incoming.ts";
import { safePath, shown } from "../../files/safe-path.ts";
import type { UploadStore } from "../../files/uploads.ts";
import { workspacePath } from "../../files/workspace-path.ts";
import type { Runtime } from "../../runtime/runtime.ts";

export interface IncomingFiles {
  readonly files: AsyncIterable<IncomingFile>;
  /** The body is a single file, whose path is in the query. */
  readonly isRaw: boolean;
}

export interface IncomingOptions {
  readonly uploads: Pick<UploadStore, "spool">;
  readonly fileLimits: IncomingLimits;
  /** Path of the file if the body is a single one. */
  readonly rawName: string;
}

export function bodyBytes(c: Context): AsyncIterable<Uint8Array> {
  return c.req.raw.body ?? ReadableStream.from<Uint8Array>([]);
}

/** Reads the files of a form, an archive or a raw body. Fails with `bad_args`, as does the iteration. */
export function incomingFiles(c: Context, { uploads, fileLimits, rawName }: IncomingOptions): IncomingFiles {
  const header = c.req.header("Content-Type") ?? "";
  const type = header.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (type === "multipart/form-data") return { files: fromForm(bodyBytes(c), header), isRaw: false };
  if (Object.hasOwn(archiveTypes, type)) {
    const kind = archiveTypes[type as keyof typeof archiveTypes];
    const archive = { kind, body: bodyBytes(c), spool: uploads.spool(), maxBytes: fileLimits.maxBytes };
    return { files: fromArchive(archive), isRaw: false };
  }
  if (type !== "application/octet-stream") {
    const types = ["multipart/form-data", "application/octet-stream", ...Object.keys(archiveTypes)];
    throw new DeckhandError("bad_args", `The Content-Type of an upload must be one of ${types.join(", ")}.`);
  }
  return { files: ReadableStream.from([{ path: safePath(rawName), bytes: bodyBytes(c) }]), isRaw: true };
}

/** Stores files below a folder of the workspace. If one fails, the files before it stay and are recorded in the log. */
export async function storeFiles(
  conversation: ConversationApi,
  runtime: Runtime,
  folder: string,
  files: AsyncIterable<IncomingFile>,
  signal: AbortSignal,
): Promise<{ readonly stored: readonly UploadedFile[]; readonly event: number }> {
  const stored: UploadedFile[] = [];
  try {
    for await (const { path, bytes } of files) {
      try {
        const target = await workspacePath(runtime, posix.join(folder, path), signal);
        const sizeBytes = await writeChunks(runtime, target, bytes, signal);
        stored.push({ path: target.slice(runtime.workspace.length + 1), sizeBytes });
      } catch (error) {
        if (!(error instanceof DeckhandError)) throw error;
        throw new DeckhandError(error.code, `${shown(path)}: ${error.message}`, { cause: error });
      }
    }
  } finally {
    if (stored.length > 0) await conversation.uploaded(stored);
  }
  if (stored.length === 0) throw new DeckhandError("bad_args", "The upload contains no files.");
  return { stored, event: conversation.state.head };
}
