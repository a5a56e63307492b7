/** Enforces a size limit on a folder by measuring it repeatedly while it is filled. */
import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** Measuring costs time, so the pause is at least this, and twice as long as the measurement took. */
const minPauseMs = 500;

/**
 * Bytes on disk; stops counting once it has passed `enough`. Unreadable and vanished entries count as nothing. Symbolic
 * links are not followed.
 */
async function sizeOf(folder: string, enough: number): Promise<number> {
  let bytes = 0;
  const pending = [folder];
  for (let path = pending.pop(); path !== undefined && bytes <= enough; path = pending.pop()) {
    const entries = await opendir(path).catch(() => undefined);
    if (entries === undefined) continue;
    for await (const entry of entries) {
      const entryPath = join(path, entry.name);
      // An empty file takes an inode: ten million of them are as bad as one large file.
      bytes += 1024 + ((await lstat(entryPath).catch(() => undefined))?.blocks ?? 0) * 512;
      if (bytes > enough) break;
      if (entry.isDirectory()) pending.push(entryPath);
    }
  }
  return bytes;
}

/** Aborts when the folder has grown past `maxBytes` or `signal` aborts; stops measuring when disposed. */
export function watchSize(
  folder: string,
  maxBytes: number,
  signal: AbortSignal,
): Disposable & { readonly signal: AbortSignal; readonly isTooLarge: boolean; measure(): Promise<void> } {
  const tooLarge = new AbortController();
  const disposed = new AbortController();
  const measure = async (): Promise<void> => {
    if ((await sizeOf(folder, maxBytes)) > maxBytes) tooLarge.abort();
  };
  const watch = async (): Promise<void> => {
    while (!disposed.signal.aborted && !tooLarge.signal.aborted) {
      const startedAt = performance.now();
      await measure();
      const tookMs = performance.now() - startedAt;
      await delay(Math.max(minPauseMs, 2 * tookMs), undefined, { signal: disposed.signal, ref: false });
    }
  };
  watch().catch(() => {});
  return {
    signal: AbortSignal.any([signal, tooLarge.signal]),
    get isTooLarge() {
      return tooLarge.signal.aborted;
    },
    measure,
    [Symbol.dispose]: () => disposed.abort(),
  };
}
