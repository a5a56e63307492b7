import { normalizeLine } from "./normalize-line.ts";

/** Lines that are there more often than this say nothing about a place: closing brackets. */
const tooOften = 200;

/** Where in a file a line is, without regard to white space. Takes one pass over the file. */
export class LineIndex {
  readonly #lines: readonly string[];
  readonly #places = new Map<string, number[]>();

  constructor(lines: readonly string[]) {
    this.#lines = lines;
    for (const [at, line] of lines.entries()) {
      const plain = normalizeLine(line);
      const places = this.#places.get(plain);
      if (places === undefined) this.#places.set(plain, [at]);
      else places.push(at);
    }
  }

  /** Where the wanted lines could begin, by the rarest of them, in order; nowhere when all of them are blank. */
  candidates(wanted: readonly string[]): readonly number[] {
    let best: readonly number[] | undefined;
    for (const [index, line] of wanted.entries()) {
      const plain = normalizeLine(line);
      if (plain === "") continue;
      const starts = (this.#places.get(plain) ?? []).map((at) => at - index);
      if (best === undefined || starts.length < best.length) best = starts;
    }
    return (best ?? []).filter((at) => at >= 0 && at + wanted.length <= this.#lines.length);
  }

  /** Where most of the wanted lines are at their distance from each other; undefined when none of them is there. */
  nearest(wanted: readonly string[]): number | undefined {
    const votes = new Map<number, number>();
    for (const [index, line] of wanted.entries()) {
      const plain = normalizeLine(line);
      const places = plain === "" ? [] : (this.#places.get(plain) ?? []);
      if (places.length > tooOften) continue;
      for (const at of places) votes.set(at - index, (votes.get(at - index) ?? 0) + 1);
    }
    let best: number | undefined;
    for (const [at, count] of votes) if (best === undefined || count > (votes.get(best) ?? 0)) best = at;
    return best === undefined ? undefined : Math.max(0, best);
  }
}
