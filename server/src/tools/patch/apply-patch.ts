/** A patch over several files, as one edit: everything is read and worked out first, and what was written is taken back where a later write fails. */
import { createTwoFilesPatch } from "diff";
import { DeckhandError, type Delta, type ObservationExtras } from "@deckhand/protocol";
import type { Runtime } from "../../runtime/runtime.ts";
import { decodeText, withFileErrors } from "../text-file.ts";
import type { AnyOutcome } from "../tool.ts";
import { applyHunks } from "./apply-hunks.ts";
import { parsePatch, type FilePatch } from "./parse.ts";

const maxFileBytes = 16 * 1024 * 1024;
const maxDiffChars = 60_000;
const diffOptions = { context: 3, timeout: 500 } as const;

interface Change {
  readonly path: string;
  /** Null: it is not there. */
  readonly before: string | null;
  readonly after: string | null;
  /** Where it was. */
  readonly from?: string;
}

// oxlint-disable-next-line require-yield -- it is done at once
export async function* applyPatch(
  patch: string,
  runtime: Runtime,
  signal: AbortSignal,
): AsyncGenerator<Delta, AnyOutcome> {
  const changes: Change[] = [];
  for (const file of parsePatch(patch)) changes.push(await changeOf(file, changes, runtime, signal));
  const done: Change[] = [];
  try {
    for (const change of changes) {
      done.push(change);
      await carryOut(change, runtime, signal);
    }
  } catch (error) {
    // What was stopped is taken back all the same.
    for (const change of done.toReversed()) await takeBack(change, runtime).catch(() => {});
    throw error;
  }
  const diff = changes.map(diffOf).join("\n");
  return {
    observation: "edit",
    content: diff.length <= maxDiffChars ? diff : `${diff.slice(0, maxDiffChars)}\n[… the diff goes on]`,
    extras: { path: changes[0]?.path ?? "", files: changes.map(told) },
  };
}

async function changeOf(
  file: FilePatch,
  earlier: readonly Change[],
  runtime: Runtime,
  signal: AbortSignal,
): Promise<Change> {
  const known = earlier.findLast(({ path, from }) => path === file.path || from === file.path);
  const before = known === undefined ? await present(file.path, runtime, signal) : known.after;
  if (file.type === "add") {
    if (before !== null) throw new DeckhandError("file_failed", `${file.path} exists: use Update File.`);
    return { path: file.path, before, after: file.text };
  }
  if (before === null || known?.from === file.path) {
    throw new DeckhandError("file_not_found", `${file.path} is not there, so nothing was changed.`);
  }
  if (file.type === "delete") return { path: file.path, before, after: null };
  const after = applyHunks(file.path, before, file.hunks);
  if (file.moveTo === undefined || file.moveTo === file.path) return { path: file.path, before, after };
  if ((await present(file.moveTo, runtime, signal)) !== null) {
    throw new DeckhandError("file_failed", `${file.moveTo} exists, so nothing was changed.`);
  }
  return { path: file.moveTo, before, after, from: file.path };
}

async function present(path: string, runtime: Runtime, signal: AbortSignal): Promise<string | null> {
  return withFileErrors(runtime, path, "write to", async () => {
    try {
      return decodeText((await runtime.readFile(path, maxFileBytes, signal)).data);
    } catch (error) {
      if (error instanceof DeckhandError && error.code === "file_not_found") return null;
      throw error;
    }
  });
}

async function carryOut({ path, after, from }: Change, runtime: Runtime, signal: AbortSignal): Promise<void> {
  if (from !== undefined) await move(from, path, runtime, signal);
  if (after === null) return program(["rm", "--", path], runtime, signal);
  await withFileErrors(runtime, path, "write to", () => runtime.writeFile(path, encoded(after), signal));
}

async function takeBack({ path, before, from }: Change, runtime: Runtime): Promise<void> {
  const signal = AbortSignal.timeout(takeBackMs);
  if (from !== undefined) await move(path, from, runtime, signal);
  if (before === null) return program(["rm", "-f", "--", path], runtime, signal);
  await runtime.writeFile(from ?? path, encoded(before), signal);
}

const takeBackMs = 5000;

/** It keeps its mode. */
function move(from: string, to: string, runtime: Runtime, signal: AbortSignal): Promise<void> {
  const script = 'mkdir -p -- "$(dirname -- "$2")" && mv -n -- "$1" "$2" && [ ! -e "$1" ]';
  return program(["sh", "-c", script, "move", from, to], runtime, signal);
}

async function program(argv: readonly string[], runtime: Runtime, signal: AbortSignal): Promise<void> {
  const { exitCode, stderr } = await runtime.spawn(argv, 1000, signal);
  if (exitCode !== 0) throw new DeckhandError("file_failed", stderr.trim() || `${argv[0]} failed.`);
}

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function diffOf({ path, before, after, from }: Change): string {
  const diff = createTwoFilesPatch(from ?? path, path, before ?? "", after ?? "", undefined, undefined, diffOptions);
  return diff ?? `${path} is changed; the change is too large for a diff.`;
}

function told({ path, before, after, from }: Change): NonNullable<ObservationExtras<"edit">["files"]>[number] {
  const status = from !== undefined ? "renamed" : before === null ? "added" : after === null ? "deleted" : "modified";
  return { path, status, ...(from === undefined ? {} : { old_path: from }) };
}
