/**
 * The little of YAML that a task needs, so that nothing more is installed for it: `key: value` on one level, where a value is
 * plain, in quotes, or a block (`|` keeps its lines, `>` joins them). What is more than that is refused, with its line.
 */

/** Fails with an `Error` that names the line, from `firstLine` on. */
export function parseFlatYaml(text: string, firstLine = 1): Readonly<Record<string, string>> {
  const lines = text.split(/\r?\n/);
  const values: Record<string, string> = {};
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    const wrong = (why: string): Error => new Error(`Line ${firstLine + at}: ${why}`);
    if (/^\s*(?:#|$)/.test(line) || line === "---") continue;
    const [, key = "", rest = ""] = /^([A-Za-z_][\w-]*):(?:\s+(.*))?$/.exec(line) ?? [];
    if (key === "") throw wrong("`key: value` is expected; lists and maps are not read.");
    if (Object.hasOwn(values, key)) throw wrong(`there is a second ${key}.`);
    const style = /^([|>])([+-]?)\s*(?:#.*)?$/.exec(rest);
    if (style === null) {
      values[key] = scalarOf(rest.trim(), wrong);
      continue;
    }
    const block: string[] = [];
    while (at + 1 < lines.length && /^(?:\s+\S|\s*$)/.test(lines[at + 1] ?? "")) block.push(lines[(at += 1)] ?? "");
    values[key] = blockOf(block, style[1] === ">", style[2] === "-");
  }
  return values;
}

function scalarOf(text: string, wrong: (why: string) => Error): string {
  if (text.startsWith('"')) {
    try {
      return String(JSON.parse(text));
    } catch {
      throw wrong("the quotes do not close.");
    }
  }
  if (text.startsWith("'")) {
    if (!/^'(?:[^']|'')*'$/.test(text)) throw wrong("the quotes do not close.");
    return text.slice(1, -1).replaceAll("''", "'");
  }
  if (/^[[{&*!]/.test(text)) throw wrong("only texts and numbers are read; put it in quotes.");
  return text.replace(/\s+#.*$/, "");
}

function blockOf(lines: readonly string[], folds: boolean, strips: boolean): string {
  const indents = lines.filter((line) => line.trim() !== "").map((line) => /^\s*/.exec(line)?.[0].length ?? 0);
  const indent = Math.min(...indents, Number.MAX_SAFE_INTEGER);
  const text = lines.map((line) => line.slice(indent)).join("\n");
  const whole = (folds ? text.replaceAll(/(\S)\n(?=\S)/g, "$1 ") : text).replace(/\n+$/, "");
  return strips || whole === "" ? whole : `${whole}\n`;
}
