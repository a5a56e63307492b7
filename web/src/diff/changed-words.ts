/** The words that differ between two versions of a line, as ranges of characters; none if nearly everything differs. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface ChangedWords {
  readonly before: readonly Range[];
  readonly after: readonly Range[];
}

const unchanged: ChangedWords = { before: [], after: [] };
/** The cost is the product of both word counts; nobody compares longer lines by eye. */
const maxWords = 300;
/** Below this share of equal characters nearly everything would be marked. */
const minEqualShare = 0.3;

export function changedWords(before: string, after: string): ChangedWords {
  const left = words(before);
  const right = words(after);
  if (left.length > maxWords || right.length > maxWords) return unchanged;
  const lengths = subsequenceLengths(left, right);
  const common = { left: new Set<number>(), right: new Set<number>() };
  let equal = 0;
  for (let at = 0, to = 0; at < left.length && to < right.length;) {
    if (left[at] === right[to]) {
      common.left.add(at);
      common.right.add(to);
      equal += left[at]?.trim().length ?? 0;
      at += 1;
      to += 1;
    } else if ((lengths[at + 1]?.[to] ?? 0) >= (lengths[at]?.[to + 1] ?? 0)) at += 1;
    else to += 1;
  }
  const longest = Math.max(before.trim().length, after.trim().length);
  if (longest === 0 || equal / longest < minEqualShare) return unchanged;
  return { before: ranges(left, common.left), after: ranges(right, common.right) };
}

function words(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? [];
}

/** The length of the longest common subsequence of the words from each pair of indices on. */
function subsequenceLengths(left: readonly string[], right: readonly string[]): readonly Uint16Array[] {
  const rows = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
  for (let at = left.length - 1; at >= 0; at--) {
    const row = rows[at];
    const below = rows[at + 1];
    if (row === undefined || below === undefined) continue;
    for (let to = right.length - 1; to >= 0; to--) {
      row[to] = left[at] === right[to] ? (below[to + 1] ?? 0) + 1 : Math.max(below[to] ?? 0, row[to + 1] ?? 0);
    }
  }
  return rows;
}

/** The ranges of all words that are not common to both versions. */
function ranges(all: readonly string[], common: ReadonlySet<number>): readonly Range[] {
  const found: { from: number; to: number }[] = [];
  let start = 0;
  for (const [at, word] of all.entries()) {
    const last = found.at(-1);
    if (!common.has(at)) {
      if (last?.to === start) last.to = start + word.length;
      else found.push({ from: start, to: start + word.length });
    }
    start += word.length;
  }
  return found;
}
