/** Actions the model takes only to say something: they are logged, nothing runs, and they have no observation. */
import type { LogOnlyTool } from "./tool.ts";

export const thinkTool: LogOnlyTool<"think"> = {
  action: "think",
  description: "Write down a thought that helps you to work. Nothing happens and nothing comes back.",
  modelArgs: ["thought"],
};

export const finishTool: LogOnlyTool<"finish"> = {
  action: "finish",
  description:
    "End the work: the task is done, or as far as it can be. `thought` tells the user in a few sentences what changed and how it was checked. `checks` has, for each claim that a command showed (tests pass, it builds), that command as you ran it last; it is looked up and counts when it exited with 0 and no file changed after it.",
  modelArgs: ["thought", "checks"],
};

export const rejectTool: LogOnlyTool<"reject"> = {
  action: "reject",
  description: 'Give the task back: it cannot or should not be done. `outputs` is {"reason": why, in a sentence}.',
  modelArgs: ["outputs"],
};
