import type { InstructionFile } from "../wire/observations.ts";

/** Given to the model when something triggers it, rather than with the others at the start of a turn. */
export function isTriggered({ kind }: InstructionFile): boolean {
  return kind === "microagent" || kind === "nested";
}

/** Triggered files are added one at a time; the others are replaced as a whole. */
export function withInstructions(
  known: readonly InstructionFile[],
  files: readonly InstructionFile[],
): readonly InstructionFile[] {
  const paths = new Set(files.map(({ path }) => path));
  if (files.length > 0 && files.every(isTriggered))
    return [...known.filter((file) => !isTriggered(file) || !paths.has(file.path)), ...files];
  return [...files, ...known.filter(isTriggered)];
}
