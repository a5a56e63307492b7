import type { InstructionFile } from "../wire/observations.ts";

/** Told when something calls for it, and not with all else at the beginning of a turn. */
export function isTriggered({ kind }: InstructionFile): boolean {
  return kind === "microagent" || kind === "nested";
}

/** What is told alone comes one by one; all else is told anew as a whole. */
export function withInstructions(
  known: readonly InstructionFile[],
  pieces: readonly InstructionFile[],
): readonly InstructionFile[] {
  const paths = new Set(pieces.map(({ path }) => path));
  if (pieces.length > 0 && pieces.every(isTriggered))
    return [...known.filter((piece) => !isTriggered(piece) || !paths.has(piece.path)), ...pieces];
  return [...pieces, ...known.filter(isTriggered)];
}
