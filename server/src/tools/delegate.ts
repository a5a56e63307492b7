import { DeckhandError, type ActionArgs, type Delta } from "@deckhand/protocol";
import type { AnyOutcome, Tool, ToolContext } from "./tool.ts";

/** An agent as the model is told of it. */
export interface AvailableAgent {
  readonly name: string;
  readonly description: string;
}

/** The list costs its tokens at every request. */
const maxDescribed = 24;
const maxDescriptionChars = 90;

export function delegateTool(agents: readonly AvailableAgent[]): Tool<"delegate"> {
  return {
    action: "delegate",
    description: `Hand a task to another agent, which works on it in this workspace and gives back a summary. It sees nothing of this conversation: \`task\` says all that it needs, and what to give back. Good for long searches, reviews and parts that stand alone; several calls in one reply run at the same time, so let no two of them change the same files. Agents:\n${listOf(agents)}`,
    modelArgs: ["agent", "task", "inputs"],
    // What it does is asked about where it is done.
    effect: () => "none",
    isParallelSafe: () => true,
    // oxlint-disable-next-line require-yield -- its conversation can be followed
    async *run(args: ActionArgs<"delegate">, context: ToolContext): AsyncGenerator<Delta, AnyOutcome> {
      if (context.delegate === undefined) throw new DeckhandError("not_available", "No agents can be asked here.");
      return context.delegate(args, context.id, context.signal);
    },
  };
}

function listOf(agents: readonly AvailableAgent[]): string {
  const lines = agents.slice(0, maxDescribed).map(({ name, description }) => `${name}: ${short(description)}`);
  const more = agents.slice(maxDescribed).map(({ name }) => name);
  return [...lines, ...(more.length === 0 ? [] : [`Also: ${more.slice(0, 100).join(", ")}`])].join("\n");
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length <= maxDescriptionChars ? line : `${line.slice(0, maxDescriptionChars - 1)}…`;
}
