import type { ActionArgs, Delta, Observation } from "@deckhand/protocol";
import type { AnyOutcome, Tool } from "./tool.ts";

const checkboxes = { todo: "[ ]", in_progress: "[>]", done: "[x]" } as const;

export const planTool: Tool<"plan"> = {
  action: "plan",
  description:
    "Keep a task list for multi-step work. Pass the whole list each time; each task has a title and a status (todo, in_progress, done).",
  modelArgs: ["tasks"],
  effect: () => "none",
  isParallelSafe: () => false,
  // oxlint-disable-next-line require-yield -- there is nothing to stream
  async *run(args: ActionArgs<"plan">): AsyncGenerator<Delta, AnyOutcome> {
    const lines = args.tasks.map((task) => `${checkboxes[task.status]} ${task.title}`);
    return { observation: "plan", content: lines.join("\n"), extras: { tasks: args.tasks } };
  },
  formatForModel: (event: Observation) => event.message,
};
