import type { SpokenTool } from "./tool.ts";

export const thinkTool: SpokenTool<"think"> = {
  action: "think",
  description: "Write down a thought that helps you to work. Nothing happens and nothing comes back.",
  offers: ["thought"],
};
