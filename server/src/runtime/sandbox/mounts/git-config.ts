/**
 * Reads git settings in one pass over the text: the time is linear in its length, whatever it contains. Git's own parser
 * (config.c, `git_parse_source` and `parse_value`; git-config(1), "Syntax") is followed where a setting can hide:
 *
 *   [core] hooksPath = x          a setting on its section's line
 *   hooksPath = x ; ours          a comment behind the value
 *   hooksPath = "x ; y" z\        quotes in any part of it, escapes, continuation lines
 *
 * Git refuses a file with a syntax error; here only the faulty line is skipped.
 */
export interface GitSetting {
  /** In lower case; a subsection follows after a dot. */
  readonly section: string;
  /** In lower case. */
  readonly name: string;
  readonly value: string;
}

export function parseGitConfig(text: string): GitSetting[] {
  const settings: GitSetting[] = [];
  let section = "";
  let at = text.startsWith("\u{feff}") ? 1 : 0;

  const skipLine = (): void => {
    const end = text.indexOf("\n", at);
    at = end === -1 ? text.length : end + 1;
  };

  while (at < text.length) {
    const char = text.charAt(at);
    if (isSpace(char)) at += 1;
    else if (char === "[") {
      const header = readHeader(text, at);
      section = header?.section ?? "";
      if (header === undefined) skipLine();
      else at = header.end;
    } else if (isLetter(char)) {
      const start = at;
      while (isNameChar(text.charAt(at))) at += 1;
      const name = text.slice(start, at).toLowerCase();
      while (text.charAt(at) === " " || text.charAt(at) === "\t") at += 1;
      if (text.charAt(at) === "=") {
        const { value, end } = readValue(text, at + 1);
        if (value !== undefined) settings.push({ section, name, value });
        at = end;
      } else skipLine();
    } else skipLine();
  }
  return settings;
}

/** `[section]` or `[section "subsection"]`; undefined if it does not end on its line. */
function readHeader(text: string, start: number): { readonly section: string; readonly end: number } | undefined {
  let section = "";
  let quoted = false;
  for (let at = start + 1; at < text.length; at++) {
    const isEscaped = quoted && text.charAt(at) === "\\";
    if (isEscaped) at += 1;
    const char = text.charAt(at);
    if (char === "\n") return undefined;
    if (isEscaped) {
      section += char;
      continue;
    }
    if (!quoted && char === "]") return { section: section.toLowerCase(), end: at + 1 };
    if (char === '"') {
      if (!quoted) section += ".";
      quoted = !quoted;
    } else if (quoted || !isSpace(char)) section += char;
  }
  return undefined;
}

const escapes = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ["b", "\b"],
  ["\\", "\\"],
  ['"', '"'],
]);

/** Undefined if a quote is not closed or an escape is unknown; `end` is then the start of the next line. */
function readValue(text: string, start: number): { readonly value: string | undefined; readonly end: number } {
  let value = "";
  let spaces = "";
  let quoted = false;
  let isValid = true;
  let at = start;
  for (; at < text.length && text.charAt(at) !== "\n"; at++) {
    const char = text.charAt(at);
    if (!quoted && (char === "#" || char === ";")) {
      const end = text.indexOf("\n", at);
      at = end === -1 ? text.length : end;
      break;
    }
    if (!quoted && isSpace(char)) {
      if (value !== "") spaces += char;
      continue;
    }
    value += spaces;
    spaces = "";
    if (char === '"') quoted = !quoted;
    else if (char !== "\\") value += char;
    else {
      at += text.startsWith("\r\n", at + 1) ? 2 : 1;
      const escaped = text.charAt(at);
      if (escaped === "\n") continue;
      isValid &&= escapes.has(escaped);
      value += escapes.get(escaped) ?? "";
    }
  }
  return { value: isValid && !quoted ? value : undefined, end: at + 1 };
}

function isSpace(char: string): boolean {
  return char === " " || char === "\t" || char === "\n" || char === "\r" || char === "\v" || char === "\f";
}

function isLetter(char: string): boolean {
  return (char >= "a" && char <= "z") || (char >= "A" && char <= "Z");
}

function isNameChar(char: string): boolean {
  return isLetter(char) || (char >= "0" && char <= "9") || char === "-";
}
