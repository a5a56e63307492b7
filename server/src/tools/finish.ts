import type { SpokenTool } from "./tool.ts";

export const finishTool: SpokenTool<"finish"> = {
  action: "finish",
  description:
    "End the work: the task is done, or as far as it can be. `thought` tells the user in a few sentences what was done and how it was checked.",
  offers: ["thought"],
};
