/** The file tree as rows: open folders and their content. */
import type { FileEntry, FilePage } from "@deckhand/client";

export interface TreeRow {
  /** Relative to the workspace. */
  readonly path: string;
  readonly name: string;
  /** 0 for the root. */
  readonly depth: number;
  readonly entry: FileEntry;
  readonly isFolder: boolean;
  readonly isOpen: boolean;
}

export type Listings = ReadonlyMap<string, FilePage | undefined>;

export function isFolder({ type, target_type: target }: FileEntry): boolean {
  return (target ?? type) === "folder";
}

export function joined(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

export function parentOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

/** `filter`: keeps entries whose name contains it, and their parents. */
export function treeRows(listings: Listings, open: ReadonlySet<string>, filter = ""): readonly TreeRow[] {
  const wanted = filter.trim().toLowerCase();
  const rowsOf = (folder: string, depth: number): TreeRow[] =>
    (listings.get(folder)?.entries ?? []).flatMap((entry) => {
      const path = joined(folder, entry.name);
      const opens = isFolder(entry);
      const isOpen = opens && open.has(path);
      const below = isOpen ? rowsOf(path, depth + 1) : [];
      const fits = wanted === "" || entry.name.toLowerCase().includes(wanted) || below.length > 0;
      return fits ? [{ path, name: entry.name, depth, entry, isFolder: opens, isOpen }, ...below] : [];
    });
  return rowsOf("", 0);
}

/** The folders that must be open for the file to be visible. */
export function foldersAbove(path: string): readonly string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join("/"));
}
