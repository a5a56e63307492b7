/** Parses untrusted JSON text into an object. */
import { DeckhandError } from "@deckhand/protocol";

export type FrameObject = Readonly<Record<string, unknown>>;

/**
 * JSON.parse accepts any nesting, but JSON.stringify and other recursive functions then overflow the stack, and 8 MiB
 * of brackets block the process for most of a second. Legitimate frames have a few levels and some thousand values, so
 * both are counted before parsing, which takes at most 30 ms for the largest frame.
 */
const maxDepth = 64;
const maxValues = 100_000;

/** Fails with `binary_frame`, `bad_json`, `bad_frame`. */
export function parseFrame(text: string | undefined): FrameObject {
  if (text === undefined) throw new DeckhandError("binary_frame");
  checkSize(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DeckhandError("bad_json");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new DeckhandError("bad_frame");
  return value as FrameObject;
}

/** Counts brackets and commas outside strings. The result is meaningless for invalid JSON, which the parser rejects. */
function checkSize(text: string): void {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charAt(at)) {
      case '"':
        at = endOfString(text, at);
        break;
      case "[":
      case "{":
        depth += 1;
        values += 1;
        break;
      case "]":
      case "}":
        depth -= 1;
        break;
      case ",":
        values += 1;
    }
    if (depth > maxDepth)
      throw new DeckhandError("bad_frame", `The frame is nested more than ${maxDepth} levels deep.`);
    if (values > maxValues) throw new DeckhandError("bad_frame", `The frame has more than ${maxValues} values.`);
  }
}

/** Index of the closing quote, or the text's length if there is none. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === "\\") backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return text.length;
}
