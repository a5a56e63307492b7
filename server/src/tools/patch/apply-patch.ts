/**
 * Applies a patch to several files as one edit: everything is read and computed before anything is written, and if a
 * write fails, the earlier ones are undone.
 */
import { DeckhandError, type Delta, type ObservationExtras } from "@deckhand/protocol";
import type { Runtime } from "../../runtime/runtime.ts";
import { unifiedDiff } from "../edit/diff.ts";
import { readTextIfExists, withFileErrors } from "../text-file.ts";
import type { AnyOutcome } from "../tool.ts";
import { applyHunks } from "./apply-hunks.ts";
import { parsePatch, type FilePatch } from "./parse.ts";

const maxDiffChars = 60_000;
const undoTimeoutMs = 5000;

interface Change {
  readonly path: string;
  /** Null if the file does not exist. */
  readonly before: string | null;
  readonly after: string | null;
  /** The old path of a file that is moved. */
  readonly from?: string;
}

// oxlint-disable-next-line require-yield -- there is nothing to stream
export async function* applyPatch(
  patch: string,
  runtime: Runtime,
  signal: AbortSignal,
): AsyncGenerator<Delta, AnyOutcome> {
  const changes: Change[] = [];
  for (const file of parsePatch(patch)) changes.push(await changeOf(file, changes, runtime, signal));
  const started: Change[] = [];
  try {
    for (const change of changes) {
      started.push(change);
      await applyChange(change, runtime, signal);
    }
  } catch (error) {
    // This includes being stopped.
    for (const change of started.toReversed()) await undoChange(change, runtime).catch(() => {});
    throw error;
  }
  const diff = changes.map(diffOf).join("\n");
  return {
    observation: "edit",
    content: diff.length <= maxDiffChars ? diff : `${diff.slice(0, maxDiffChars)}\n[… diff truncated]`,
    extras: { path: changes[0]?.path ?? "", files: changes.map(fileStatus) },
  };
}

async function changeOf(
  file: FilePatch,
  earlier: readonly Change[],
  runtime: Runtime,
  signal: AbortSignal,
): Promise<Change> {
  const previous = earlier.findLast(({ path, from }) => path === file.path || from === file.path);
  const before = previous === undefined ? await readCurrent(file.path, runtime, signal) : previous.after;
  if (file.type === "add") {
    if (before !== null) throw new DeckhandError("file_failed", `${file.path} already exists: use Update File.`);
    return { path: file.path, before, after: file.text };
  }
  if (before === null || previous?.from === file.path) {
    throw new DeckhandError("file_not_found", `${file.path} does not exist, so nothing was changed.`);
  }
  if (file.type === "delete") return { path: file.path, before, after: null };
  const after = applyHunks(file.path, before, file.hunks);
  if (file.moveTo === undefined || file.moveTo === file.path) return { path: file.path, before, after };
  if ((await readCurrent(file.moveTo, runtime, signal)) !== null) {
    throw new DeckhandError("file_failed", `${file.moveTo} already exists, so nothing was changed.`);
  }
  return { path: file.moveTo, before, after, from: file.path };
}

function readCurrent(path: string, runtime: Runtime, signal: AbortSignal): Promise<string | null> {
  return withFileErrors(runtime, path, "write to", () => readTextIfExists(path, runtime, signal));
}

async function applyChange({ path, after, from }: Change, runtime: Runtime, signal: AbortSignal): Promise<void> {
  if (from !== undefined) await move(from, path, runtime, signal);
  if (after === null) return spawn(["rm", "--", path], runtime, signal);
  await withFileErrors(runtime, path, "write to", () => runtime.writeFile(path, encode(after), signal));
}

async function undoChange({ path, before, from }: Change, runtime: Runtime): Promise<void> {
  const signal = AbortSignal.timeout(undoTimeoutMs);
  if (from !== undefined) await move(path, from, runtime, signal);
  if (before === null) return spawn(["rm", "-f", "--", path], runtime, signal);
  await runtime.writeFile(from ?? path, encode(before), signal);
}

/** Keeps the file's mode. */
function move(from: string, to: string, runtime: Runtime, signal: AbortSignal): Promise<void> {
  const script = 'mkdir -p -- "$(dirname -- "$2")" && mv -n -- "$1" "$2" && [ ! -e "$1" ]';
  return spawn(["sh", "-c", script, "move", from, to], runtime, signal);
}

async function spawn(argv: readonly string[], runtime: Runtime, signal: AbortSignal): Promise<void> {
  const { exitCode, stderr } = await runtime.spawn(argv, 1000, signal);
  if (exitCode !== 0) throw new DeckhandError("file_failed", stderr.trim() || `${argv[0]} failed.`);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function diffOf({ path, before, after, from }: Change): string {
  return unifiedDiff(from ?? path, path, before, after) ?? `${path} changed. The diff is too large to show.`;
}

function fileStatus({ path, before, after, from }: Change): NonNullable<ObservationExtras<"edit">["files"]>[number] {
  const status = from !== undefined ? "renamed" : before === null ? "added" : after === null ? "deleted" : "modified";
  return { path, status, ...(from === undefined ? {} : { old_path: from }) };
}
