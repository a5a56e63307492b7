import { observation, type ConversationState, type NewEvent } from "@deckhand/protocol";
import type { Instructions } from "./instructions/instructions.ts";
import { changedInstructions, loadInstructions, triggeredByMessage } from "./instructions/load.ts";
import { triggeredByPaths } from "./instructions/path-triggered.ts";
import type { TurnDeps, View } from "./turn-types.ts";

/**
 * Collects what a step adds to the prompt before the model is called: instructions, and the messages queued since the
 * last step.
 */
export class TurnInput {
  readonly #deps: Pick<TurnDeps, "agent" | "instructions" | "runtime">;
  /** Read once per turn; null when they cannot be read or the agent does not use them. */
  #instructions: Instructions | null | undefined;

  constructor(deps: Pick<TurnDeps, "agent" | "instructions" | "runtime">) {
    this.#deps = deps;
  }

  async collect({ state, prompt }: View, signal: AbortSignal): Promise<readonly NewEvent[]> {
    const { agent, instructions: sources, runtime } = this.#deps;
    if (this.#instructions === undefined) {
      this.#instructions = agent.readsInstructions ? await loadInstructions(sources, signal) : null;
    }
    const instructions = this.#instructions;
    const touched = prompt.progress.takeTouched();
    return [
      ...(await triggeredByPaths(instructions, touched, state, runtime, signal)),
      ...changedInstructions(instructions, state),
      ...state.queued.flatMap((message) => messageEvents(message, instructions, state)),
    ];
  }
}

/** A user message, followed by the instructions that its words trigger. */
function messageEvents(
  { id, content, imageUrls }: ConversationState["queued"][number],
  instructions: Instructions | null,
  state: ConversationState,
): readonly NewEvent[] {
  const images = { image_urls: imageUrls.length > 0 ? [...imageUrls] : null };
  return [
    observation("user", "chat", content, images, { cause: id }),
    ...triggeredByMessage(instructions, content, state),
  ];
}
