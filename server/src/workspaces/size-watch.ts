/** How much a folder holds, looked at again and again while it is filled. */
import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A look costs; so the rest until the next is at least this, and longer than the look took. */
const restMs = 500;

/**
 * Bytes on the disk, counted no further than past `enough`. What cannot be read, or goes meanwhile, counts nothing; links are
 * not followed.
 */
export async function sizeOf(folder: string, enough: number): Promise<number> {
  let bytes = 0;
  const open = [folder];
  for (let path = open.pop(); path !== undefined && bytes <= enough; path = open.pop()) {
    const entries = await opendir(path).catch(() => undefined);
    if (entries === undefined) continue;
    for await (const entry of entries) {
      const at = join(path, entry.name);
      // A file of nothing takes a place too: ten million of them are as bad as a large one.
      bytes += 1024 + ((await lstat(at).catch(() => undefined))?.blocks ?? 0) * 512;
      if (bytes > enough) break;
      if (entry.isDirectory()) open.push(at);
    }
  }
  return bytes;
}

/** Aborts when the folder has grown past `maxBytes`, or on the signal; ends when disposed of. */
export function watchSize(
  folder: string,
  maxBytes: number,
  signal: AbortSignal,
): Disposable & { readonly signal: AbortSignal; readonly isTooLarge: boolean; look(): Promise<void> } {
  const tooLarge = new AbortController();
  const over = new AbortController();
  const look = async (): Promise<void> => {
    if ((await sizeOf(folder, maxBytes)) > maxBytes) tooLarge.abort();
  };
  const watch = async (): Promise<void> => {
    while (!over.signal.aborted && !tooLarge.signal.aborted) {
      const begun = performance.now();
      await look();
      const tookMs = performance.now() - begun;
      await delay(Math.max(restMs, 2 * tookMs), undefined, { signal: over.signal, ref: false });
    }
  };
  watch().catch(() => {});
  return {
    signal: AbortSignal.any([signal, tooLarge.signal]),
    get isTooLarge() {
      return tooLarge.signal.aborted;
    },
    look,
    [Symbol.dispose]: () => over.abort(),
  };
}
