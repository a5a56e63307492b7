/**
 * Names of files that come from elsewhere: a form, an archive. What would leave the folder, or look like another name, is refused and
 * not repaired: two names must not become one.
 */
import { DeckhandError } from "@deckhand/protocol";

const maxChars = 1024;
const maxPartBytes = 255;
const maxDepth = 50;
/** Control characters, and those that turn the direction of a text or are not seen. */
const deceptive = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffd]/u;

/** Relative, with `/`, without `.` and `..`. Fails with `bad_args`. */
export function safePath(given: string): string {
  const why = whyNot(given);
  if (why !== undefined) throw new DeckhandError("bad_args", `${shown(given)} is no name for a file here: ${why}.`);
  return given
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

function whyNot(given: string): string | undefined {
  if (given.length > maxChars) return `it has more than ${maxChars} characters`;
  if (deceptive.test(given) || !given.isWellFormed()) return "it has characters that do not show";
  if (given.startsWith("/") || /^[A-Za-z]:/.test(given)) return "it is absolute";
  if (given.includes("\\")) return "it has a backslash";
  const parts = given.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length === 0) return "it is empty";
  if (parts.length > maxDepth) return `it is more than ${maxDepth} folders deep`;
  if (parts.includes("..")) return "it leaves its folder";
  if (parts.some((part) => Buffer.byteLength(part) > maxPartBytes))
    return `a part is longer than ${maxPartBytes} bytes`;
  return undefined;
}

export function shown(name: string): string {
  return JSON.stringify(name.slice(0, 200)).replaceAll(new RegExp(deceptive, "gu"), "\ufffd");
}
