/** Reads text files of the workspace. The error messages are those of OpenHands 0.9, which clients and models know. */
import { resolve } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import type { Runtime } from "../runtime/runtime.ts";

/** Larger files are not read into memory. */
export const maxFileBytes = 16 * 1024 * 1024;

/** `not_text`, with a description of what the file is instead. */
export class NotTextError extends DeckhandError {
  constructor(description: string) {
    super("not_text", `It is ${description}. Use a command that can read it.`);
  }
}

/** Runs file work; its errors name the path and the working directory. */
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
    const message = messages(absolute, runtime.cwd, verb)[error.code];
    if (message === undefined) throw error;
    const details = error instanceof NotTextError ? ` ${error.message}` : "";
    throw new DeckhandError(error.code, message + details, { cause: error });
  }
}

function messages(path: string, cwd: string, verb: string): Partial<Record<string, string>> {
  return {
    file_not_found: `File not found: ${path}. Your current working directory is ${cwd}.`,
    is_directory: `Path is a directory: ${path}. You can only ${verb} files`,
    not_text: `File could not be decoded as utf-8: ${path}.`,
    outside_workspace: `Malformed paths not permitted: ${path}. Only the workspace, /tmp and your home can be written.`,
  };
}

/** Null if there is no such file. */
export async function readTextIfExists(path: string, runtime: Runtime, signal: AbortSignal): Promise<string | null> {
  try {
    return decodeText((await runtime.readFile(path, maxFileBytes, signal)).data);
  } catch (error) {
    if (error instanceof DeckhandError && error.code === "file_not_found") return null;
    throw error;
  }
}

/** Fails with `not_text` if the bytes are not UTF-8. */
export function decodeText(data: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch (error) {
    throw new DeckhandError("not_text", undefined, { cause: error });
  }
}
