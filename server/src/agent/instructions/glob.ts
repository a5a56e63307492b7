/**
 * Globs of a workspace: `*`, `?` and `{a,b}` within a name, `**` over folders. Our own, because they are hostile: in time that is at most the
 * product of the lengths. (`matchesGlob` of Node takes minutes for `*a*a*a*a*b`, and for `{1..9999999}`.)
 */

const maxChars = 200;
/** That braces become. */
const maxPatterns = 32;

/** A glob without a slash is about names in any folder. */
export function matchesGlob(path: string, glob: string): boolean {
  const plain = glob.replace(/^\.?\//, "");
  if (plain === "" || plain.length > maxChars) return false;
  return expanded(plain).some((pattern) => {
    const names = path.split("/");
    return pattern.includes("/")
      ? fitsInOrder(names, pattern.split("/"), (part) => part === "**", fitsName)
      : fitsName(names.at(-1) ?? "", pattern);
  });
}

function fitsName(name: string, pattern: string): boolean {
  const isSame = (character: string, part: string): boolean => part === "?" || part === character;
  return fitsInOrder(Array.from(name), Array.from(pattern), (part) => part === "*", isSame);
}

/** Each part stands for one item, a star for any number. Only the last star is ever looked at again: an earlier one can gain nothing. */
function fitsInOrder<T>(
  items: readonly T[],
  pattern: readonly T[],
  isStar: (part: T) => boolean,
  isSame: (item: T, part: T) => boolean,
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
    } else if (wanted !== undefined && isSame(item, wanted)) {
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

function expanded(pattern: string): readonly string[] {
  let all = [pattern];
  while (all.length <= maxPatterns && all.some((each) => braces.test(each))) {
    all = all.flatMap((each) => {
      const [whole, inner = ""] = braces.exec(each) ?? [];
      return whole === undefined ? [each] : inner.split(",").map((part) => each.replace(whole, () => part));
    });
  }
  return all.slice(0, maxPatterns);
}

const braces = /\{([^{}]*)\}/;
