/**
 * Validates file names from untrusted sources (forms, archives). Names that would leave the folder, or look like a
 * different name, are refused instead of repaired, so that two names can never become one.
 */
import { DeckhandError } from "@deckhand/protocol";

const maxChars = 1024;
const maxPartBytes = 255;
const maxDepth = 50;
/** Control characters, invisible characters and those that change the text direction. */
const deceptive = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffd]/u;

/** Returns a relative path with `/` and without `.` components. Fails with `bad_args`. */
export function safePath(given: string): string {
  const why = whyNot(given);
  if (why !== undefined) throw new DeckhandError("bad_args", `${shown(given)} is not a valid file name: ${why}.`);
  return given
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

function whyNot(given: string): string | undefined {
  if (given.length > maxChars) return `it has more than ${maxChars} characters`;
  if (deceptive.test(given) || !given.isWellFormed()) return "it has invisible characters";
  if (given.startsWith("/") || /^[A-Za-z]:/.test(given)) return "it is absolute";
  if (given.includes("\\")) return "it has a backslash";
  const parts = given.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length === 0) return "it is empty";
  if (parts.length > maxDepth) return `it is more than ${maxDepth} folders deep`;
  if (parts.includes("..")) return "it leads out of its folder";
  if (parts.some((part) => Buffer.byteLength(part) > maxPartBytes)) {
    return `a component is longer than ${maxPartBytes} bytes`;
  }
  return undefined;
}

/** Quoted and shortened for an error message. */
export function shown(name: string): string {
  return JSON.stringify(name.slice(0, 200)).replaceAll(new RegExp(deceptive, "gu"), "\ufffd");
}
