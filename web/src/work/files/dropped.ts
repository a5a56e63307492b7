/** Reads dropped files, and folders with everything in them. */
import type { UploadFile } from "@deckhand/client";

const maxFiles = 5000;

export async function droppedFiles(transfer: DataTransfer): Promise<readonly UploadFile[]> {
  // Read the entries synchronously: the list is empty after the drop event.
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (entries.length === 0) return [...transfer.files].map((file) => ({ path: file.name, data: file }));
  const found: UploadFile[] = [];
  for (const entry of entries) await collect(entry, found);
  return found;
}

async function collect(entry: FileSystemEntry, found: UploadFile[]): Promise<void> {
  if (found.length >= maxFiles) return;
  if (entry.isFile) {
    const data = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ path: entry.fullPath.replace(/^\//, ""), data });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const each of some) await collect(each, found);
  }
}
