/**
 * Extracts a page's title and readable text. HTML is untrusted and slow to parse, so a worker thread with a memory
 * limit does it; the thread is terminated with the action.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { DeckhandError } from "@deckhand/protocol";
import type { Page } from "./fetch-page.ts";

export interface PageText {
  readonly title: string;
  /** Markdown; for a page that is not HTML, its body. */
  readonly text: string;
}

const maxMegabytes = 256;

/** Fails with `fetch_failed` if the page cannot be parsed. */
export async function extractText(page: Page, signal: AbortSignal): Promise<PageText> {
  if (!/html/.test(page.contentType)) return { title: "", text: page.body };
  const worker = new Worker(new URL("./extract-text-worker.ts", import.meta.url), {
    workerData: page.body,
    resourceLimits: { maxOldGenerationSizeMb: maxMegabytes },
    env: {},
  });
  try {
    const [extracted] = (await once(worker, "message", { signal })) as [PageText];
    return extracted;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DeckhandError("fetch_failed", `${page.url} could not be read: ${why}.`, { cause: error });
  } finally {
    await worker.terminate();
  }
}
