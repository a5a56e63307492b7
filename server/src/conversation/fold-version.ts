/**
 * The version of the fold. A cached state is what one version of the fold made of a log, so any change in the code of the
 * protocol makes it another version. In the repository that code is TypeScript, in a published package compiled JavaScript.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

let version: string | undefined;

export function foldVersion(): string {
  return (version ??= hashSources(new URL(".", import.meta.resolve("@deckhand/protocol"))));
}

/** `folder` ends with a slash. Fails if it contains no code: a hash of nothing would fit every version. */
export function hashSources(folder: URL): string {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const sources = names.filter((name) => /\.[cm]?[jt]s$/.test(name) && !/\.(test|d)\.[cm]?[jt]s$/.test(name));
  if (sources.length === 0) throw new Error(`There is no code of the protocol in ${folder.pathname}.`);
  const hash = createHash("sha256");
  for (const name of sources.toSorted()) hash.update(name).update(readFileSync(new URL(name, folder)));
  return hash.digest("base64url");
}
