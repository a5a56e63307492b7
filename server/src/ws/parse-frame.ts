/** Text from a socket to an object, or a `DeckhandError` that says what is wrong with it. */
import { DeckhandError } from "@deckhand/protocol";

export type FrameObject = Readonly<Record<string, unknown>>;

/**
 * JSON.parse takes any nesting, but JSON.stringify and every recursive walk after it end in a stack overflow. No
 * frame of ours is nested deeper than a few levels.
 */
const deepest = 64;

/** Fails with `binary_frame`, `bad_json`, `bad_frame`. */
export function parseFrame(text: string | undefined): FrameObject {
  if (text === undefined) throw new DeckhandError("binary_frame");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DeckhandError("bad_json");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new DeckhandError("bad_frame");
  if (isDeeperThan(value, deepest)) throw new DeckhandError("bad_frame", `The frame is nested deeper than ${deepest}.`);
  return value as FrameObject;
}

/** Level by level, so that it needs no stack of its own. */
function isDeeperThan(value: object, levels: number): boolean {
  let level: object[] = [value];
  for (let depth = 0; depth <= levels; depth += 1) {
    const next: object[] = [];
    for (const parent of level) {
      for (const child of Object.values(parent)) if (typeof child === "object" && child !== null) next.push(child);
    }
    if (next.length === 0) return false;
    level = next;
  }
  return true;
}
