/**
 * What the workspace says of the files on which the agent works: the body of a skill or microagent whose `paths` fit one of them, and the
 * AGENTS.md of the folders in which they lie. It comes after the step that first touched one.
 */
import { posix } from "node:path";
import type { ConversationState, InstructionFile, NewEvent } from "@deckhand/protocol";
import type { Runtime } from "../../runtime/runtime.ts";
import { nestedInstructions, type Instructions, type InstructionText } from "./instructions.ts";
import { instructionEvent, isAlreadyShown } from "./load.ts";

/** Bytes that are read of one. */
const maxFileBytes = 16 * 1024;
const deadlineMs = 3000;

/** Nothing where it was told already. `touched` are absolute paths. */
export async function triggeredByPaths(
  knowledge: Instructions | null,
  touched: readonly string[],
  state: ConversationState,
  runtime: () => Promise<Runtime>,
  signal: AbortSignal,
): Promise<readonly NewEvent[]> {
  if (knowledge === null || touched.length === 0 || !knowledge.hasPaths) return [];
  try {
    const shell = await runtime();
    const paths = touched.map((path) => posix.relative(shell.workspace, path)).filter((path) => !path.startsWith(".."));
    const isNew = (piece: InstructionFile): boolean => !isAlreadyShown(piece, state);
    const told = unique(paths.flatMap((path) => knowledge.forPath(path))).filter(({ pieces }) => pieces.some(isNew));
    const nested = knowledge.nested.filter(
      (path) =>
        paths.some((each) => each !== path && each.startsWith(`${posix.dirname(path)}/`)) &&
        // Known by its path alone: it is read once in a conversation.
        !state.instructions.some((piece) => piece.kind === "nested" && piece.path === path) &&
        !paths.includes(path),
    );
    const limit = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
    const read: InstructionText[] = [];
    // From the outside in, so that the nearest stands last.
    for (const path of nested.toSorted((a, b) => a.split("/").length - b.split("/").length)) {
      const at = posix.join(shell.workspace, path);
      const { stdout } = await shell.spawn(["head", "-c", String(maxFileBytes), "--", at], maxFileBytes, limit);
      read.push(nestedInstructions({ path, text: new TextDecoder().decode(stdout).replaceAll("\0", "") }));
    }
    return [...told, ...read].map(instructionEvent);
  } catch {
    // No sandbox, a stop, a file that is gone: the work goes on without.
    return [];
  }
}

function unique(all: readonly InstructionText[]): readonly InstructionText[] {
  return [...new Map(all.map((told) => [told.text, told])).values()];
}
