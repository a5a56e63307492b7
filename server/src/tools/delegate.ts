import { DeckhandError, type ActionArgs, type Delta } from "@deckhand/protocol";
import type { AnyOutcome, Tool, ToolContext } from "./tool.ts";

/** An agent as the model sees it. */
export interface AvailableAgent {
  readonly name: string;
  readonly description: string;
}

/** The list is part of every request and costs tokens each time. */
const maxDescribed = 24;
const maxDescriptionChars = 90;

export function delegateTool(agents: readonly AvailableAgent[]): Tool<"delegate"> {
  return {
    action: "delegate",
    description: `Delegate a task to another agent, which works in this workspace and returns a summary. It does not see this conversation: \`task\` must contain everything it needs, and what to report back. Use it for long searches, reviews and self-contained parts; several calls in one reply run in parallel, so no two of them may change the same files. Agents:\n${listOf(agents)}`,
    modelArgs: ["agent", "task", "inputs"],
    // The subagent's own actions are subject to approval.
    effect: () => "none",
    isParallelSafe: () => true,
    // oxlint-disable-next-line require-yield -- clients follow the subagent's own conversation
    async *run(args: ActionArgs<"delegate">, context: ToolContext): AsyncGenerator<Delta, AnyOutcome> {
      if (context.delegate === undefined) throw new DeckhandError("not_available", "No agents are available here.");
      return context.delegate(args, context.id, context.signal);
    },
  };
}

function listOf(agents: readonly AvailableAgent[]): string {
  const lines = agents.slice(0, maxDescribed).map(({ name, description }) => `${name}: ${shorten(description)}`);
  const more = agents.slice(maxDescribed).map(({ name }) => name);
  return [...lines, ...(more.length === 0 ? [] : [`Also: ${more.slice(0, 100).join(", ")}`])].join("\n");
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length <= maxDescriptionChars ? line : `${line.slice(0, maxDescriptionChars - 1)}…`;
}
