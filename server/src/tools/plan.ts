import type { ActionArgs, Delta, Observation } from "@deckhand/protocol";
import type { AnyOutcome, Tool } from "./tool.ts";

export const planTool: Tool<"plan"> = {
  action: "plan",
  description:
    "Keep the list of tasks for work of several steps: give the whole list each time, each task with a title and a status (todo, in_progress, done).",
  modelArgs: ["tasks"],
  effect: () => "none",
  isParallelSafe: () => false,
  // oxlint-disable-next-line require-yield -- nothing happens
  async *run(args: ActionArgs<"plan">): AsyncGenerator<Delta, AnyOutcome> {
    const lines = args.tasks.map((task) => `${marks[task.status]} ${task.title}`);
    return { observation: "plan", content: lines.join("\n"), extras: { tasks: args.tasks } };
  },
  formatForModel: (event: Observation) => event.message,
};

const marks = { todo: "[ ]", in_progress: "[>]", done: "[x]" } as const;
