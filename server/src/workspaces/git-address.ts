/** Addresses and names that may be given to git: what it could take for an option, a program or a local file is none. */
import { DeckhandError } from "@deckhand/protocol";

/** As it is given to git: parsed and written anew. Fails with `bad_args`. */
export function gitAddress(given: string): string {
  const url = URL.parse(given);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new DeckhandError(
      "bad_args",
      `git: ${visible(given)} is no https:// address. What is reached in another way is cloned by you and given as a folder or a repository.`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw new DeckhandError(
      "bad_args",
      "git: an address with a user or a password in it would stand in the log. Clone it yourself and give its folder or repository.",
    );
  }
  if (url.hash !== "" || url.hostname === "")
    throw new DeckhandError("bad_args", "git: that is no repository's address.");
  return url.href;
}

/** Of git-check-ref-format(1), and no more than what is common in names. */
const refName = /^(?![-./])(?!.*(?:\.\.|\/\/|@\{|\/\.|\.lock(?:\/|$)))[^\p{Cc}\p{Cf}\s~^:?*[\\]+(?<![./])$/u;

/** Fails with `bad_args`. */
export function gitRef(ref: string): string {
  if (!refName.test(ref)) throw new DeckhandError("bad_args", `ref: ${visible(ref)} is no branch, tag or commit.`);
  return ref;
}

export function isCommit(ref: string): boolean {
  return /^[0-9a-f]{40}$/.test(ref);
}

/** In quotes, short, and with nothing in it that a terminal or a page would obey. */
function visible(text: string): string {
  return JSON.stringify(text.slice(0, 200)).replaceAll(/[\u007f-\u009f\p{Cf}]/gu, "\ufffd");
}
