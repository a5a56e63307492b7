import assert from "node:assert/strict";
import { test } from "node:test";
import type { FileEntry, FilePage } from "@deckhand/client";
import { fileKind } from "./file-kind.ts";
import { foldersAbove, treeRows } from "./tree.ts";

const entry = (name: string, type: FileEntry["type"] = "file", more: Partial<FileEntry> = {}): FileEntry => ({
  name,
  type,
  size_bytes: 1,
  modified_at: "2026-01-01T00:00:00Z",
  hidden: false,
  ignored: false,
  ...more,
});
const page = (...entries: readonly FileEntry[]): FilePage => ({ entries, next: null, incomplete: false });

const listings = new Map([
  ["", page(entry("src", "folder"), entry("link", "link", { target_type: "folder" }), entry("a.ts"))],
  ["src", page(entry("deep", "folder"), entry("b.ts"))],
  ["src/deep", page(entry("c.ts"))],
]);

test("[UW8] the tree shows the content of open folders, and for a filter the matches with their parents", () => {
  const shown = (open: readonly string[], filter?: string): readonly string[] =>
    treeRows(listings, new Set(open), filter).map(({ path, depth }) => `${depth} ${path}`);
  assert.deepEqual(shown([]), ["0 src", "0 link", "0 a.ts"]);
  assert.deepEqual(shown(["src"]), ["0 src", "1 src/deep", "1 src/b.ts", "0 link", "0 a.ts"]);
  assert.deepEqual(shown(["src/deep"]), ["0 src", "0 link", "0 a.ts"]);
  assert.deepEqual(shown(foldersAbove("src/deep/c.ts"), "C.TS"), ["0 src", "1 src/deep", "2 src/deep/c.ts"]);
  assert.deepEqual(shown(["not there"]), ["0 src", "0 link", "0 a.ts"]);
});

test("[UW8] text of a moderate size is edited, and other files are shown by the server's content type", () => {
  assert.equal(fileKind("a.ts", "text/plain; charset=utf-8", 100), "text");
  assert.equal(fileKind("a.ts", "text/plain; charset=utf-8", 3_000_000), "large");
  assert.equal(fileKind("a.svg", "text/plain; charset=utf-8", 100), "svg");
  assert.equal(fileKind("not-really.pdf", "image/png", 100), "image");
  assert.equal(fileKind("a.PDF", "application/octet-stream", 100), "pdf");
  assert.equal(fileKind("a.webm", "application/octet-stream", 100), "video");
  assert.equal(fileKind("a", "application/octet-stream", 100), "binary");
});
