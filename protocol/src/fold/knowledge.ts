import type { KnowledgePiece } from "../observations.ts";

/** Microagents come one by one; all else is told anew as a whole. */
export function learned(
  known: readonly KnowledgePiece[],
  pieces: readonly KnowledgePiece[],
): readonly KnowledgePiece[] {
  const isMicroagent = ({ kind }: KnowledgePiece): boolean => kind === "microagent";
  const paths = new Set(pieces.map(({ path }) => path));
  if (pieces.length > 0 && pieces.every(isMicroagent))
    return [...known.filter(({ path }) => !paths.has(path)), ...pieces];
  return [...pieces, ...known.filter(isMicroagent)];
}
