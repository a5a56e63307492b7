/** Text from a socket to an object, or a `DeckhandError` that says what is wrong with it. */
import { DeckhandError } from "@deckhand/protocol";

export type FrameObject = Readonly<Record<string, unknown>>;

/**
 * JSON.parse takes any nesting, but JSON.stringify and every recursive walk after it end in a stack overflow; and eight
 * mebibytes of brackets hold the process up for most of a second. No frame of ours is deeper than a few levels or has
 * more than some thousand values, so it is counted before it is parsed (30 ms at worst, for the longest frame).
 */
const deepest = 64;
const mostValues = 100_000;

/** Fails with `binary_frame`, `bad_json`, `bad_frame`. */
export function parseFrame(text: string | undefined): FrameObject {
  if (text === undefined) throw new DeckhandError("binary_frame");
  refuseBombs(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DeckhandError("bad_json");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new DeckhandError("bad_frame");
  return value as FrameObject;
}

/** Counts brackets and commas outside of strings; of what is no JSON it may think what it likes. */
function refuseBombs(text: string): void {
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
    if (depth > deepest) throw new DeckhandError("bad_frame", `The frame is nested deeper than ${deepest}.`);
    if (values > mostValues) throw new DeckhandError("bad_frame", `The frame has more than ${mostValues} values.`);
  }
}

/** Index of the closing quote; the end of the text where there is none. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === "\\") backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return text.length;
}
