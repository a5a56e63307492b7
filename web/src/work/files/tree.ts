/** The tree of the workspace as rows: the folders that are open, with what is in them. */
import type { FileEntry, FilePage } from "@deckhand/client";

export interface TreeRow {
  /** From the workspace on. */
  readonly path: string;
  readonly name: string;
  /** 0 at the top. */
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

/** `filter`: only what has it in its name, and the folders on the way there. */
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

/** The folders that have to be open for that file to be in sight. */
export function foldersAbove(path: string): readonly string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join("/"));
}
