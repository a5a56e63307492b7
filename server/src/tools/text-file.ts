/** The sentences of the first protocol for what is wrong with a path; clients and models know them. */
import { resolve } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import type { Runtime } from "../runtime/runtime.ts";

/** `not_text`, of which is known what it is instead. */
export class NotTextError extends DeckhandError {
  constructor(what: string) {
    super("not_text", `It is ${what}: use a command that understands it.`);
  }
}

/** Runs file work and fails with the path and the directory in the sentence. */
export async function withFileErrors<T>(
  runtime: Runtime,
  path: string,
  verb: "read" | "write to",
  work: () => Promise<T>,
): Promise<T> {
  if (path.includes("\0")) throw new DeckhandError("file_failed", `Malformed paths not permitted: ${path}`);
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DeckhandError)) throw error;
    const absolute = resolve(runtime.cwd, path);
    const known = sentences(absolute, runtime.cwd, verb)[error.code];
    const own = error instanceof NotTextError ? ` ${error.message}` : "";
    const sentence = known === undefined ? undefined : known + own;
    throw sentence === undefined ? error : new DeckhandError(error.code, sentence, { cause: error });
  }
}

function sentences(path: string, cwd: string, verb: string): Partial<Record<string, string>> {
  return {
    file_not_found: `File not found: ${path}. Your current working directory is ${cwd}.`,
    is_directory: `Path is a directory: ${path}. You can only ${verb} files`,
    not_text: `File could not be decoded as utf-8: ${path}.`,
    outside_workspace: `Malformed paths not permitted: ${path}. Only the workspace, /tmp and your home can be written.`,
  };
}

/** Fails with `not_text` where the bytes are not UTF-8. */
export function decodeText(data: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch (error) {
    throw new DeckhandError("not_text", undefined, { cause: error });
  }
}
