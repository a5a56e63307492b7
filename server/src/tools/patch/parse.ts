/**
 * Parses the patch format that some models are trained to write (Codex's apply_patch), with several files in one text:
 *
 *   *** Begin Patch
 *   *** Add File: path            followed by lines that start with +
 *   *** Delete File: path
 *   *** Update File: path
 *   *** Move to: new path         (optional)
 *   @@ a line above the change    (optional, also several)
 *    a context line
 *   -a removed line
 *   +an added line
 *   *** End of File               (optional: the hunk is at the end of the file)
 *   *** End Patch
 *
 * Text around the patch (a code fence, a here-document, a shell call) is ignored; the first and last line may be
 * missing.
 */
import { DeckhandError } from "@deckhand/protocol";

export type HunkLine = { readonly mark: " " | "-" | "+"; readonly text: string };

export interface Hunk {
  /** Lines above the change, outermost first. */
  readonly below: readonly string[];
  readonly lines: readonly HunkLine[];
  readonly atEnd: boolean;
}

export type FilePatch =
  | { readonly type: "add"; readonly path: string; readonly text: string }
  | { readonly type: "delete"; readonly path: string }
  | { readonly type: "update"; readonly path: string; readonly moveTo?: string; readonly hunks: readonly Hunk[] };

const fileLine = /^\*\*\* (Add|Delete|Update) File: (.+?)\s*$/;
const moveLine = /^\*\*\* Move to: (.+?)\s*$/;
const patchBoundary = /^\*\*\* (Begin|End) Patch\s*$/;
const endOfFile = /^\*\*\* End of File\s*$/;

/** All paths that the patch names, so that it can be judged before it is applied. */
export function patchPaths(patch: string): readonly string[] {
  const paths = patch.split("\n").flatMap((line) => fileLine.exec(line)?.[2] ?? moveLine.exec(line)?.[1] ?? []);
  return [...new Set(paths)];
}

/** Fails with `bad_tool_args`, and the invalid line in the message. */
export function parsePatch(patch: string): readonly FilePatch[] {
  const lines = patch.replaceAll("\r\n", "\n").split("\n");
  const from = lines.findIndex((line) => fileLine.test(line));
  if (from === -1)
    throw invalid("It must name a file: *** Add File: PATH, *** Update File: PATH or *** Delete File: PATH.");
  const end = lines.findIndex((line, at) => at > from && patchBoundary.test(line));
  const files: FilePatch[] = [];
  const body = lines.slice(from, end === -1 ? undefined : end);
  for (let at = 0; at < body.length;) {
    const [, kind, path = ""] = fileLine.exec(body[at] ?? "") ?? [];
    const next = body.findIndex((line, index) => index > at && fileLine.test(line));
    const part = body.slice(at + 1, next === -1 ? undefined : next);
    if (kind === "Add") files.push({ type: "add", path, text: addedText(path, trimmed(part)) });
    else if (kind === "Delete") files.push({ type: "delete", path });
    else files.push(parseUpdate(path, trimmed(part)));
    at = next === -1 ? body.length : next;
  }
  return files;
}

/** Removes trailing blank lines, which only separate the parts. */
function trimmed(lines: readonly string[]): readonly string[] {
  return lines.slice(0, lines.findLastIndex((line) => line.trim() !== "") + 1);
}

function addedText(path: string, lines: readonly string[]): string {
  const badLine = lines.find((line) => !line.startsWith("+") && line.trim() !== "");
  if (badLine !== undefined)
    throw invalid(`Every line of the new file ${path} must start with +, but this one does not: ${badLine}`);
  return lines.map((line) => `${line.slice(1)}\n`).join("");
}

function parseUpdate(path: string, lines: readonly string[]): FilePatch {
  const moveTo = moveLine.exec(lines[0] ?? "")?.[1];
  const hunks: Hunk[] = [];
  let below: string[] = [];
  let hunkLines: HunkLine[] = [];
  const close = (atEnd: boolean): void => {
    if (hunkLines.length > 0) hunks.push({ below, lines: hunkLines, atEnd });
    if (hunkLines.length > 0) below = [];
    hunkLines = [];
  };
  for (const line of moveTo === undefined ? lines : lines.slice(1)) {
    if (line.startsWith("@@")) {
      close(false);
      // The line numbers of a unified diff are ignored.
      const context = line.replace(/^@@( -\d+(,\d+)? \+\d+(,\d+)? @@)?/, "").trim();
      if (context !== "") below.push(context);
    } else if (endOfFile.test(line)) close(true);
    else hunkLines.push(parseHunkLine(path, line));
  }
  close(false);
  if (hunks.length === 0 && moveTo === undefined) throw invalid(`It changes nothing in ${path}.`);
  return { type: "update", path, hunks, ...(moveTo === undefined ? {} : { moveTo }) };
}

function parseHunkLine(path: string, line: string): HunkLine {
  const mark = line[0];
  // Models often write an empty context line without its leading space.
  if (mark === undefined) return { mark: " ", text: "" };
  if (mark === " " || mark === "-" || mark === "+") return { mark, text: line.slice(1) };
  throw invalid(`Every line in ${path} must start with a space, - or +, but this one does not: ${line}`);
}

function invalid(reason: string): DeckhandError {
  return new DeckhandError("bad_tool_args", `Invalid patch. ${reason.slice(0, 500)}`);
}
