import type { ContextPart, Observation, ReplyPart } from "@deckhand/protocol";
import type { ToolResult } from "../../llm/model.ts";

interface OpenCall {
  readonly id: string;
  readonly name: string;
  /** The id under which the model sees the call. */
  readonly shownId: string;
}

/** A message in the user role that waits until the results of a reply are complete. */
export interface Aside {
  readonly part: ContextPart;
  readonly text: string;
  readonly imageUrl?: string;
}

const notRun = "Not run: the turn was stopped before this call.";

/**
 * A reply whose calls do not have all their results yet. Providers require the results of all calls directly after the
 * reply and in their order, so they are collected here, and everything else waits until the last one is known.
 */
export class OpenReply {
  /** Id of the reply's event. */
  readonly id: number;
  readonly asides: Aside[] = [];
  readonly #calls: readonly OpenCall[];
  readonly #results = new Map<string, ToolResult>();

  constructor(id: number, calls: readonly OpenCall[]) {
    this.id = id;
    this.#calls = calls;
  }

  get isComplete(): boolean {
    return this.#results.size === this.#calls.length;
  }

  addResult(callId: string, content: string, isError: boolean): void {
    const call = this.#calls.find(({ id }) => id === callId);
    if (call !== undefined) this.#results.set(callId, { call: call.shownId, name: call.name, content, isError });
  }

  /** In the order of the calls. A call without a result is reported as not run. */
  results(): readonly ToolResult[] {
    return this.#calls.map(
      ({ id, name, shownId }) => this.#results.get(id) ?? { call: shownId, name, content: notRun, isError: true },
    );
  }
}

/** The calls of a reply, paired with the parts that the model is shown. */
export function openCalls(parts: readonly ReplyPart[], shown: readonly ReplyPart[]): readonly OpenCall[] {
  return parts.flatMap((part, at) => {
    const other = shown[at];
    return part.type === "call" && other?.type === "call" ? [{ id: part.id, name: part.name, shownId: other.id }] : [];
  });
}

/** Images come after the results, because not every provider accepts an image inside of one. */
export function imagesOf(event: Observation): readonly Aside[] {
  if (event.observation === "read" && event.extras.image !== undefined) {
    const { path, image } = event.extras;
    return [{ part: "outputs", text: `(Image: ${path})`, imageUrl: image.url }];
  }
  if (event.observation !== "call_tool") return [];
  const { server, name, images = [] } = event.extras;
  return images.map((imageUrl) => ({ part: "outputs", text: `(Image returned by ${name} of ${server})`, imageUrl }));
}
