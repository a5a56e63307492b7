/** Files as a person hands them over: chosen, or dropped as folders. */
import type { UploadFile } from "@deckhand/client";

/** More is refused by the server; to walk on would only make the page slow. */
const maxFiles = 20_000;

export function chosenFiles(files: FileList | null): readonly UploadFile[] {
  return [...(files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, data: file }));
}

/** Has to be called while the drop is being handled: afterwards the browser has forgotten what was dropped. */
export async function droppedFiles(items: DataTransferItemList): Promise<readonly UploadFile[]> {
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const found: UploadFile[] = [];
  await Promise.all(entries.map((entry) => walk(entry, found)));
  return found;
}

async function walk(entry: FileSystemEntry, found: UploadFile[]): Promise<void> {
  if (found.length >= maxFiles) return;
  if (isFile(entry)) {
    const data = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    found.push({ path: entry.fullPath.replace(/^\//, ""), data });
    return;
  }
  if (!isFolder(entry)) return;
  const reader = entry.createReader();
  for (;;) {
    // A reader gives a hundred at a time, and none when there are no more.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const each of some) await walk(each, found);
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

/** One archive alone is unpacked; undefined for anything else. */
export function archiveOf(files: readonly UploadFile[]): { readonly data: File; readonly type: string } | undefined {
  const [only] = files;
  if (files.length !== 1 || only === undefined || !(only.data instanceof File)) return undefined;
  const { data } = only;
  if (/\.zip$/i.test(data.name)) return { data, type: "application/zip" };
  if (/\.tar$/i.test(data.name)) return { data, type: "application/x-tar" };
  if (/\.(tgz|tar\.gz)$/i.test(data.name)) return { data, type: "application/gzip" };
  return undefined;
}
