/** The cells that were run in the notebook kernel, with their results. */
import { isAction, type Event } from "@deckhand/protocol";

export interface Cell {
  readonly id: number;
  /** The execution count of the kernel, from 1. */
  readonly count: number;
  readonly code: string;
  /** Undefined while the cell is running. */
  readonly output: string | undefined;
  /** Data URLs. */
  readonly images: readonly string[];
  readonly isError: boolean;
}

export function cells(events: readonly Event[]): readonly Cell[] {
  const found = new Map<number, Cell>();
  for (const event of events) {
    if (isAction(event)) {
      if (event.action !== "run_ipython") continue;
      const { id, args } = event;
      found.set(id, { id, count: found.size + 1, code: args.code, output: undefined, images: [], isError: false });
      continue;
    }
    const cell = event.cause === undefined ? undefined : found.get(event.cause);
    if (cell === undefined) continue;
    found.set(cell.id, {
      ...cell,
      output: event.content,
      images: imagesIn(event.extras),
      isError: event.observation === "error",
    });
  }
  return [...found.values()];
}

/** Accepts image data only, whatever else the kernel adds to its observation. */
function imagesIn(extras: object): readonly string[] {
  const { images, image_urls: urls } = extras as { readonly images?: unknown; readonly image_urls?: unknown };
  const all = [images, urls].flatMap((each): unknown[] => (Array.isArray(each) ? each : []));
  return all.filter(
    (each): each is string => typeof each === "string" && /^data:image\/(png|jpeg|webp|gif);base64,/.test(each),
  );
}
