/**
 * Validates addresses and refs before git sees them: nothing that git could take for an option, a program or a local
 * file passes.
 */
import { DeckhandError } from "@deckhand/protocol";

/** The address in the form that git is given: parsed and serialized anew. Fails with `bad_args`. */
export function gitAddress(given: string): string {
  const url = URL.parse(given);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new DeckhandError(
      "bad_args",
      `git: ${printable(given)} is not an https:// address. Clone other repositories yourself and pass the folder or repository.`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw new DeckhandError(
      "bad_args",
      "git: the address must not contain a user name or password, because it is stored in the log. Clone the repository yourself and pass its folder or repository.",
    );
  }
  if (url.hash !== "" || url.hostname === "") {
    throw new DeckhandError("bad_args", "git: this is not the address of a repository.");
  }
  return url.href;
}

/** A subset of git-check-ref-format(1) that covers the names in common use. */
const refName = /^(?![-./])(?!.*(?:\.\.|\/\/|@\{|\/\.|\.lock(?:\/|$)))[^\p{Cc}\p{Cf}\s~^:?*[\\]+(?<![./])$/u;

/** Fails with `bad_args`. */
export function gitRef(ref: string): string {
  if (!refName.test(ref)) {
    throw new DeckhandError("bad_args", `ref: ${printable(ref)} is not a valid branch, tag or commit name.`);
  }
  return ref;
}

export function isCommit(ref: string): boolean {
  return /^[0-9a-f]{40}$/.test(ref);
}

/** Quoted, shortened, and free of characters that a terminal or browser would interpret. */
function printable(text: string): string {
  return JSON.stringify(text.slice(0, 200)).replaceAll(/[\u007f-\u009f\p{Cf}]/gu, "\ufffd");
}
