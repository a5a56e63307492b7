import type { KnowledgePiece } from "../observations.ts";

/** Told when something calls for it, and not with all else at the beginning of a turn. */
export function isToldAlone({ kind }: KnowledgePiece): boolean {
  return kind === "microagent" || kind === "nested";
}

/** What is told alone comes one by one; all else is told anew as a whole. */
export function learned(
  known: readonly KnowledgePiece[],
  pieces: readonly KnowledgePiece[],
): readonly KnowledgePiece[] {
  const paths = new Set(pieces.map(({ path }) => path));
  if (pieces.length > 0 && pieces.every(isToldAlone))
    return [...known.filter((piece) => !isToldAlone(piece) || !paths.has(piece.path)), ...pieces];
  return [...pieces, ...known.filter(isToldAlone)];
}
