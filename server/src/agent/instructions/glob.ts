/**
 * Globs from a workspace: `*`, `?` and `{a,b}` within a name, `**` across folders. Written by hand because the patterns
 * are untrusted: the time is bounded by the product of the lengths. (Node's `matchesGlob` takes minutes for
 * `*a*a*a*a*b` and for `{1..9999999}`.)
 */

const maxChars = 200;
/** How many patterns braces may expand to. */
const maxPatterns = 32;

/** A glob without a slash matches names in any folder. */
export function matchesGlob(path: string, glob: string): boolean {
  const plain = glob.replace(/^\.?\//, "");
  if (plain === "" || plain.length > maxChars) return false;
  return expandBraces(plain).some((pattern) => {
    const names = path.split("/");
    return pattern.includes("/")
      ? matchesSequence(names, pattern.split("/"), (part) => part === "**", matchesName)
      : matchesName(names.at(-1) ?? "", pattern);
  });
}

function matchesName(name: string, pattern: string): boolean {
  const isSame = (character: string, part: string): boolean => part === "?" || part === character;
  return matchesSequence(Array.from(name), Array.from(pattern), (part) => part === "*", isSame);
}

/**
 * Each part matches one item, a star any number. Backtracking only to the last star is enough: an earlier one cannot
 * gain anything.
 */
function matchesSequence<T>(
  items: readonly T[],
  pattern: readonly T[],
  isStar: (part: T) => boolean,
  isMatch: (item: T, part: T) => boolean,
): boolean {
  let at = 0;
  let part = 0;
  let star = -1;
  let from = 0;
  while (at < items.length) {
    const item = items[at] as T;
    const wanted = pattern[part];
    if (wanted !== undefined && isStar(wanted)) {
      star = part;
      from = at;
      part += 1;
    } else if (wanted !== undefined && isMatch(item, wanted)) {
      at += 1;
      part += 1;
    } else if (star === -1) return false;
    else {
      from += 1;
      at = from;
      part = star + 1;
    }
  }
  return pattern.slice(part).every(isStar);
}

function expandBraces(pattern: string): readonly string[] {
  let patterns = [pattern];
  while (patterns.length <= maxPatterns && patterns.some((each) => braces.test(each))) {
    patterns = patterns.flatMap((each) => {
      const [group, inner = ""] = braces.exec(each) ?? [];
      return group === undefined ? [each] : inner.split(",").map((choice) => each.replace(group, () => choice));
    });
  }
  return patterns.slice(0, maxPatterns);
}

const braces = /\{([^{}]*)\}/;
