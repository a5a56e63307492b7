/** Lists a folder of the workspace as programs in the sandbox see it. */
import { DeckhandError, type FileEntry, type FilePage } from "@deckhand/protocol";
import type { Runtime } from "../runtime/runtime.ts";

/** Enough for several hundred thousand entries. */
const maxBytes = 16 * 1024 * 1024;

export interface ListOptions {
  /** Absolute. */
  readonly path: string;
  /** `next` of the previous page. */
  readonly after: string | undefined;
  readonly limit: number;
}

/**
 * Sorted: folders first, then by name. Fails with `file_not_found`, `file_failed`, `sandbox_unavailable`,
 * `interrupted`.
 */
export async function listFolder(
  runtime: Runtime,
  { path, after, limit }: ListOptions,
  signal: AbortSignal,
): Promise<FilePage> {
  const { all, incomplete } = await entriesOf(runtime, path, signal);
  const sorted = all.toSorted(compareEntries);
  const from = after === undefined ? 0 : sorted.findIndex((entry) => `${rank(entry)}${entry.name}` === after) + 1;
  const page = sorted.slice(from, from + limit);
  const last = page.at(-1);
  const ignored = await ignoredOf(
    runtime,
    path,
    page.map(({ name }) => name),
    signal,
  );
  return {
    entries: page.map((entry) => ({ ...entry, ignored: ignored.has(entry.name) })),
    next: last === undefined || from + limit >= sorted.length ? null : `${rank(last)}${last.name}`,
    incomplete,
  };
}

async function entriesOf(
  runtime: Runtime,
  path: string,
  signal: AbortSignal,
): Promise<{ readonly all: readonly FileEntry[]; readonly incomplete: boolean }> {
  // The trailing slash makes find follow the path if it is a symbolic link. A readable folder is printed itself, first: find
  // also fails when an entry disappears while it lists, which is no reason to say that the folder does not exist.
  const format = "%y\\0%Y\\0%s\\0%T@\\0%f\\0";
  const folder = `${path}/`;
  const argv = ["find", folder, "-maxdepth", "1", "-samefile", folder, "!", "-readable", "-o", "-printf", format];
  const { stdout, exitCode, cut } = await runtime.spawn(argv, maxBytes, signal);
  if (exitCode !== 0 && stdout.length === 0) {
    throw new DeckhandError("file_not_found", "The folder does not exist or cannot be read.");
  }
  const {
    fields: [, , , , , ...fields],
    unreadable,
  } = nulFields(stdout);
  const all: FileEntry[] = [];
  for (let at = 0; at + 5 <= fields.length; at += 5) {
    const [type = "", target = "", size = "", modified = "", name = ""] = fields.slice(at, at + 5);
    if (name.includes("\ufffd")) continue;
    all.push({
      name,
      type: type === "l" ? "link" : typeOf(type),
      ...(type === "l"
        ? { target_type: "NLD?".includes(target) && target !== "D" ? ("missing" as const) : typeOf(target) }
        : {}),
      size_bytes: Number(size),
      modified_at: new Date(Number(modified) * 1000).toISOString(),
      hidden: name.startsWith("."),
      ignored: false,
    });
  }
  return { all, incomplete: cut || unreadable };
}

function typeOf(letter: string): "file" | "folder" | "other" {
  return letter === "f" ? "file" : letter === "d" ? "folder" : "other";
}

/**
 * One call of git; outside a repository it fails and nothing is ignored. It runs in the sandbox, so a hostile
 * configuration gains nothing.
 */
async function ignoredOf(
  runtime: Runtime,
  path: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  if (names.length === 0) return new Set();
  const script = 'cd -- "$0" && printf "%s\\0" "$@" | git -c core.fsmonitor=false check-ignore -z --stdin';
  const argv = ["/bin/sh", "-c", script, path, ...names.map((name) => `./${name}`)];
  const { stdout } = await runtime.spawn(argv, maxBytes, signal);
  return new Set(nulFields(stdout).fields.map((name) => name.replace(/^\.\//, "")));
}

/** Splits NUL-terminated fields. */
export function nulFields(bytes: Uint8Array): { readonly fields: readonly string[]; readonly unreadable: boolean } {
  const text = new TextDecoder().decode(bytes);
  return { fields: text.split("\0").slice(0, -1), unreadable: text.includes("\ufffd") };
}

function rank({ type, target_type: target }: FileEntry): "0" | "1" {
  return type === "folder" || target === "folder" ? "0" : "1";
}

/** By UTF-16 code units, so the order does not depend on the locale. */
function compareEntries(a: FileEntry, b: FileEntry): number {
  const [one, other] = [`${rank(a)}${a.name}`, `${rank(b)}${b.name}`];
  return one < other ? -1 : one > other ? 1 : 0;
}
