import type { Delta } from "@deckhand/protocol";
import type { ModelProgress, ModelReply } from "../model.ts";

const callMarkers = ["<function=", "<tool_call>"];
const thinkMarker = "<think>";
const thinkEnd = "</think>";
const maxMarkerLength = Math.max(...[...callMarkers, thinkMarker, thinkEnd].map(({ length }) => length));

/** Streams text as it arrives: thinking as reasoning deltas, and nothing from the first call on. */
export async function* visibleText(
  reply: AsyncGenerator<ModelProgress, ModelReply>,
): AsyncGenerator<ModelProgress, ModelReply> {
  let filter = new TextFilter();
  for (;;) {
    const next = await reply.next();
    if (next.done === true) {
      yield* deltasOf(filter.end());
      return next.value;
    }
    const progress = next.value;
    // The reply starts over.
    if (progress.type === "retry") filter = new TextFilter();
    if (progress.type === "delta" && progress.delta.of === "reply") yield* deltasOf(filter.take(progress.delta.text));
    else yield progress;
  }
}

function* deltasOf(deltas: readonly Delta[]): Generator<ModelProgress> {
  for (const delta of deltas) if (delta.text !== "") yield { type: "delta", delta };
}

class TextFilter {
  #mode: "text" | "thinking" | "calls" = "text";
  #pending = "";

  take(text: string): Delta[] {
    const deltas: Delta[] = [];
    this.#pending += text;
    for (;;) {
      const [marker, at] = this.#firstMarker();
      if (marker === undefined) break;
      deltas.push(...this.#show(at));
      this.#pending = this.#pending.slice(marker.length);
      this.#mode = marker === thinkMarker ? "thinking" : marker === thinkEnd ? "text" : "calls";
    }
    // The end of this text may be the beginning of a marker.
    const markerStart = this.#pending.lastIndexOf("<");
    const ready =
      markerStart >= 0 && this.#pending.length - markerStart < maxMarkerLength ? markerStart : this.#pending.length;
    return [...deltas, ...this.#show(ready)];
  }

  end(): Delta[] {
    return this.#show(this.#pending.length);
  }

  #firstMarker(): readonly [string | undefined, number] {
    const markers = { text: [thinkMarker, ...callMarkers], thinking: [thinkEnd], calls: [] }[this.#mode];
    const found = markers.map((marker) => [marker, this.#pending.indexOf(marker)] as const).filter(([, at]) => at >= 0);
    return found.toSorted(([, a], [, b]) => a - b)[0] ?? [undefined, 0];
  }

  #show(length: number): Delta[] {
    const text = this.#pending.slice(0, length);
    this.#pending = this.#pending.slice(length);
    if (this.#mode === "calls") return [];
    return [{ of: this.#mode === "thinking" ? "reasoning" : "reply", text }];
  }
}
