import { normalizeLine } from "./normalize-line.ts";

/** Lines that occur more often, such as closing brackets, say nothing about a position. */
const maxOccurrences = 200;

/** Finds lines of a file, ignoring whitespace. Building it takes one pass over the file. */
export class LineIndex {
  readonly #lines: readonly string[];
  readonly #positions = new Map<string, number[]>();

  constructor(lines: readonly string[]) {
    this.#lines = lines;
    for (const [at, line] of lines.entries()) {
      const key = normalizeLine(line);
      const positions = this.#positions.get(key);
      if (positions === undefined) this.#positions.set(key, [at]);
      else positions.push(at);
    }
  }

  /** Where the block could start, judging by its rarest line, in order; empty if all of its lines are blank. */
  candidates(block: readonly string[]): readonly number[] {
    let best: readonly number[] | undefined;
    for (const [index, line] of block.entries()) {
      const key = normalizeLine(line);
      if (key === "") continue;
      const starts = (this.#positions.get(key) ?? []).map((at) => at - index);
      if (best === undefined || starts.length < best.length) best = starts;
    }
    return (best ?? []).filter((at) => at >= 0 && at + block.length <= this.#lines.length);
  }

  /** The start at which most lines of the block are in their place; undefined if the file has none of them. */
  nearest(block: readonly string[]): number | undefined {
    const votes = new Map<number, number>();
    for (const [index, line] of block.entries()) {
      const key = normalizeLine(line);
      const positions = key === "" ? [] : (this.#positions.get(key) ?? []);
      if (positions.length > maxOccurrences) continue;
      for (const at of positions) votes.set(at - index, (votes.get(at - index) ?? 0) + 1);
    }
    let best: number | undefined;
    for (const [at, count] of votes) if (best === undefined || count > (votes.get(best) ?? 0)) best = at;
    return best === undefined ? undefined : Math.max(0, best);
  }
}
