import type { SpokenTool } from "./tool.ts";

export const finishTool: SpokenTool<"finish"> = {
  action: "finish",
  description:
    "End the work: the task is done, or as far as it can be. `thought` tells the user in a few sentences what changed and how it was checked. `checks` has, for each claim that a command showed (tests pass, it builds), that command as you ran it last; it is looked up and counts when it exited with 0 and no file changed after it.",
  offers: ["thought", "checks"],
};
