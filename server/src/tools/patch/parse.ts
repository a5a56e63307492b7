/**
 * The patch that some models are trained to write, with several files in one text:
 *
 *   *** Begin Patch
 *   *** Add File: path            lines with + in front
 *   *** Delete File: path
 *   *** Update File: path
 *   *** Move to: other path       (or not)
 *   @@ a line above, to find the place (or not, or several)
 *    a line that stays
 *   -a line that goes
 *   +a line that comes
 *   *** End of File               (or not: the hunk is at the end)
 *   *** End Patch
 *
 * What stands around it (a fence, a here-document, a call in a shell) is looked past, and so is a missing first or last line.
 */
import { DeckhandError } from "@deckhand/protocol";

export type HunkLine = { readonly mark: " " | "-" | "+"; readonly text: string };

export interface Hunk {
  /** Lines above the place, outermost first. */
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
const around = /^\*\*\* (Begin|End) Patch\s*$/;
const endOfFile = /^\*\*\* End of File\s*$/;

/** All paths that the patch names; for who has to judge it before it is applied. */
export function patchPaths(patch: string): readonly string[] {
  const paths = patch.split("\n").flatMap((line) => fileLine.exec(line)?.[2] ?? moveLine.exec(line)?.[1] ?? []);
  return [...new Set(paths)];
}

/** Fails with `bad_tool_args` and the line that is wrong. */
export function parsePatch(patch: string): readonly FilePatch[] {
  const lines = patch.replaceAll("\r\n", "\n").split("\n");
  const from = lines.findIndex((line) => fileLine.test(line));
  if (from === -1) throw wrong("It names no file: *** Add File: PATH, *** Update File: PATH or *** Delete File: PATH.");
  const end = lines.findIndex((line, at) => at > from && around.test(line));
  const files: FilePatch[] = [];
  const body = lines.slice(from, end === -1 ? undefined : end);
  for (let at = 0; at < body.length;) {
    const [, kind, path = ""] = fileLine.exec(body[at] ?? "") ?? [];
    const next = body.findIndex((line, index) => index > at && fileLine.test(line));
    const part = body.slice(at + 1, next === -1 ? undefined : next);
    if (kind === "Add") files.push({ type: "add", path, text: added(path, trimmed(part)) });
    else if (kind === "Delete") files.push({ type: "delete", path });
    else files.push(updated(path, trimmed(part)));
    at = next === -1 ? body.length : next;
  }
  return files;
}

/** Without blank lines at the end, which stand between the parts. */
function trimmed(lines: readonly string[]): readonly string[] {
  return lines.slice(0, lines.findLastIndex((line) => line.trim() !== "") + 1);
}

function added(path: string, lines: readonly string[]): string {
  const strange = lines.find((line) => !line.startsWith("+") && line.trim() !== "");
  if (strange !== undefined)
    throw wrong(`In the new file ${path} every line begins with +, and this does not: ${strange}`);
  return lines.map((line) => `${line.slice(1)}\n`).join("");
}

function updated(path: string, lines: readonly string[]): FilePatch {
  const moveTo = moveLine.exec(lines[0] ?? "")?.[1];
  const hunks: Hunk[] = [];
  let below: string[] = [];
  let changed: HunkLine[] = [];
  const close = (atEnd: boolean): void => {
    if (changed.length > 0) hunks.push({ below, lines: changed, atEnd });
    if (changed.length > 0) below = [];
    changed = [];
  };
  for (const line of moveTo === undefined ? lines : lines.slice(1)) {
    if (line.startsWith("@@")) {
      close(false);
      // Lines and numbers of a unified diff say nothing here.
      const place = line.replace(/^@@( -\d+(,\d+)? \+\d+(,\d+)? @@)?/, "").trim();
      if (place !== "") below.push(place);
    } else if (endOfFile.test(line)) close(true);
    else changed.push(hunkLine(path, line));
  }
  close(false);
  if (hunks.length === 0 && moveTo === undefined) throw wrong(`Nothing is changed in ${path}.`);
  return { type: "update", path, hunks, ...(moveTo === undefined ? {} : { moveTo }) };
}

function hunkLine(path: string, line: string): HunkLine {
  const mark = line[0];
  // An empty line that stays is often written without its blank.
  if (mark === undefined) return { mark: " ", text: "" };
  if (mark === " " || mark === "-" || mark === "+") return { mark, text: line.slice(1) };
  throw wrong(`In ${path} each line begins with a blank, - or +, and this does not: ${line}`);
}

function wrong(why: string): DeckhandError {
  return new DeckhandError("bad_tool_args", `The patch cannot be read. ${why.slice(0, 500)}`);
}
