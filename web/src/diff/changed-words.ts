/** What in two versions of a line is another: ranges of characters, of whole words. Nothing where hardly anything is the same. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface ChangedWords {
  readonly before: readonly Range[];
  readonly after: readonly Range[];
}

const unchanged: ChangedWords = { before: [], after: [] };
/** The table of both is filled: a few hundred words each are a moment, more is no line that one compares by eye. */
const maxWords = 300;
/** Below this share of equal characters everything would be marked. */
const minEqualShare = 0.3;

export function changedWords(before: string, after: string): ChangedWords {
  const left = words(before);
  const right = words(after);
  if (left.length > maxWords || right.length > maxWords) return unchanged;
  const lengths = subsequenceLengths(left, right);
  const kept = { left: new Set<number>(), right: new Set<number>() };
  let equal = 0;
  for (let at = 0, to = 0; at < left.length && to < right.length;) {
    if (left[at] === right[to]) {
      kept.left.add(at);
      kept.right.add(to);
      equal += left[at]?.trim().length ?? 0;
      at += 1;
      to += 1;
    } else if ((lengths[at + 1]?.[to] ?? 0) >= (lengths[at]?.[to + 1] ?? 0)) at += 1;
    else to += 1;
  }
  const longest = Math.max(before.trim().length, after.trim().length);
  if (longest === 0 || equal / longest < minEqualShare) return unchanged;
  return { before: ranges(left, kept.left), after: ranges(right, kept.right) };
}

function words(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? [];
}

/** Of the longest common subsequence from each place on. */
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

function ranges(all: readonly string[], kept: ReadonlySet<number>): readonly Range[] {
  const found: { from: number; to: number }[] = [];
  let place = 0;
  for (const [at, word] of all.entries()) {
    const last = found.at(-1);
    if (!kept.has(at)) {
      if (last?.to === place) last.to = place + word.length;
      else found.push({ from: place, to: place + word.length });
    }
    place += word.length;
  }
  return found;
}
