/**
 * A page's title and what a person would read of it. HTML is hostile and slow to parse, so it is taken apart in a
 * thread with a bound on its memory, which ends with the action.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { DeckhandError } from "@deckhand/protocol";
import type { Page } from "./fetch-page.ts";

export interface PageText {
  readonly title: string;
  /** Markdown, or the body itself where that is no HTML. */
  readonly text: string;
}

const maxMegabytes = 256;

/** Fails with `fetch_failed` for a page that cannot be taken apart. */
export async function extractText(page: Page, signal: AbortSignal): Promise<PageText> {
  if (!/html/.test(page.contentType)) return { title: "", text: page.body };
  const worker = new Worker(new URL("./extract-text-worker.ts", import.meta.url), {
    workerData: page.body,
    resourceLimits: { maxOldGenerationSizeMb: maxMegabytes },
    env: {},
  });
  try {
    const [read] = (await once(worker, "message", { signal })) as [PageText];
    return read;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DeckhandError("fetch_failed", `${page.url} could not be read: ${why}.`, { cause: error });
  } finally {
    await worker.terminate();
  }
}
