/** Actions by which the model only says something: they are logged, nothing runs, and they have no observation. */
import type { LogOnlyTool } from "./tool.ts";

export const thinkTool: LogOnlyTool<"think"> = {
  action: "think",
  description: "Record a thought to work through a problem. Nothing runs and nothing is returned.",
  modelArgs: ["thought"],
};

export const finishTool: LogOnlyTool<"finish"> = {
  action: "finish",
  description:
    "End the work when the task is done, or as far as it can be done. `thought` tells the user in a few sentences what changed and how it was verified. `checks` lists, for each claim that a command showed (tests pass, it builds), that command exactly as last run; it counts only if it exited with 0 and no file changed after it.",
  modelArgs: ["thought", "checks"],
};

export const rejectTool: LogOnlyTool<"reject"> = {
  action: "reject",
  description: 'Reject a task that cannot or should not be done. `outputs` is {"reason": one sentence}.',
  modelArgs: ["outputs"],
};
