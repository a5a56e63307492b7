/** The YAML of a task: a single mapping from keys to text. */
import { isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";

/** Fails with an `Error` that names the line, counted from `firstLine`. */
export function parseTaskYaml(text: string, firstLine = 1): Readonly<Record<string, string>> {
  const lineCounter = new LineCounter();
  // The failsafe schema reads every scalar as text.
  const document = parseDocument(text, { schema: "failsafe", lineCounter, prettyErrors: false });
  const failure = (offset: number, why: string): Error =>
    new Error(`Line ${firstLine - 1 + lineCounter.linePos(offset).line}: ${why}`);
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw failure(problem.pos[0], problem.message);
  const { contents } = document;
  if (contents === null) return {};
  if (!isMap(contents)) throw failure(contents.range?.[0] ?? 0, "expected `key: value` pairs.");
  const entries = contents.items.map(({ key, value }): [string, string] => {
    if (!isScalar<string>(key)) throw failure(isNode(key) ? (key.range?.[0] ?? 0) : 0, "a key must be plain text.");
    if (!isScalar<string>(value)) {
      const offset = isNode(value) ? value.range?.[0] : key.range?.[0];
      throw failure(offset ?? 0, `${key.value} must be text or a number; quote it if it is text.`);
    }
    return [key.value, value.value];
  });
  return Object.fromEntries(entries);
}
