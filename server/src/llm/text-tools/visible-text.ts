import type { Delta } from "@deckhand/protocol";
import type { ModelProgress, ModelReply } from "../model.ts";

const callMarkers = ["<function=", "<tool_call>"];
const thinkMarker = "<think>";
const thinkEnd = "</think>";
const longest = Math.max(...[...callMarkers, thinkMarker, thinkEnd].map(({ length }) => length));

/** Passes on what a model says as it comes: what it thinks as reasoning, and from its first call on nothing. */
export async function* visibleText(
  reply: AsyncGenerator<ModelProgress, ModelReply>,
): AsyncGenerator<ModelProgress, ModelReply> {
  let screen = new Screen();
  for (;;) {
    const next = await reply.next();
    if (next.done === true) {
      yield* shown(screen.end());
      return next.value;
    }
    const progress = next.value;
    // The reply starts anew.
    if (progress.type === "retry") screen = new Screen();
    if (progress.type === "delta" && progress.delta.of === "reply") yield* shown(screen.take(progress.delta.text));
    else yield progress;
  }
}

function* shown(deltas: readonly Delta[]): Generator<ModelProgress> {
  for (const delta of deltas) if (delta.text !== "") yield { type: "delta", delta };
}

class Screen {
  #mode: "text" | "thinking" | "calls" = "text";
  #held = "";

  take(text: string): Delta[] {
    const deltas: Delta[] = [];
    this.#held += text;
    for (;;) {
      const [marker, at] = this.#firstMarker();
      if (marker === undefined) break;
      deltas.push(...this.#show(at));
      this.#held = this.#held.slice(marker.length);
      this.#mode = marker === thinkMarker ? "thinking" : marker === thinkEnd ? "text" : "calls";
    }
    // The end of this piece may be the beginning of a marker.
    const open = this.#held.lastIndexOf("<");
    const ready = open >= 0 && this.#held.length - open < longest ? open : this.#held.length;
    return [...deltas, ...this.#show(ready)];
  }

  end(): Delta[] {
    return this.#show(this.#held.length);
  }

  #firstMarker(): readonly [string | undefined, number] {
    const markers = { text: [thinkMarker, ...callMarkers], thinking: [thinkEnd], calls: [] }[this.#mode];
    const found = markers.map((marker) => [marker, this.#held.indexOf(marker)] as const).filter(([, at]) => at >= 0);
    return found.toSorted(([, a], [, b]) => a - b)[0] ?? [undefined, 0];
  }

  #show(length: number): Delta[] {
    const text = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    if (this.#mode === "calls") return [];
    return [{ of: this.#mode === "thinking" ? "reasoning" : "reply", text }];
  }
}
