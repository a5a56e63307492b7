import { createTwoFilesPatch } from "diff";

/** Lines of context, and the milliseconds after which a diff is given up. */
const options = { context: 3, timeout: 500 } as const;

/** A unified diff; undefined if computing it takes too long. Null stands for a file that does not exist. */
export function unifiedDiff(
  oldPath: string,
  newPath: string,
  before: string | null,
  after: string | null,
): string | undefined {
  return createTwoFilesPatch(oldPath, newPath, before ?? "", after ?? "", undefined, undefined, options);
}
