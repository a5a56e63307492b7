/** Lines for the files of a diff or a restore. */
import { escapeInvisible, type ExcludedFiles, type FileChange } from "@deckhand/protocol";

const marks = { added: "A", modified: "M", deleted: "D", renamed: "R", type_changed: "T" } as const;

/** `M src/a.ts`, `R old -> new`. */
export function changeLine({ status, path, old_path: old, binary }: FileChange): string {
  const from = old === undefined ? "" : `${printablePath(old)} -> `;
  return `${marks[status]} ${from}${printablePath(path)}${binary ? " (binary)" : ""}`;
}

export function printablePath(path: string): string {
  return escapeInvisible(path).replaceAll("\n", "⟨U+000A⟩");
}

/** Undefined if no file was excluded. */
export function excludedNote({ ignored, large, unreadable }: ExcludedFiles): string | undefined {
  const counts = [
    ...(ignored > 0 ? [`${ignored} ignored`] : []),
    ...(large > 0 ? [`${large} over 20 MiB`] : []),
    ...(unreadable > 0 ? [`${unreadable} unreadable`] : []),
  ];
  return counts.length === 0 ? undefined : `Files not compared: ${counts.join(", ")}.`;
}
