import type { SpokenTool } from "./tool.ts";

export const rejectTool: SpokenTool<"reject"> = {
  action: "reject",
  description: 'Give the task back: it cannot or should not be done. `outputs` is {"reason": why, in a sentence}.',
  offers: ["outputs"],
};
