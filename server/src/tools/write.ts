import type { ActionArgs, Delta, Observation } from "@deckhand/protocol";
import { isWholeFile, replaceLines } from "./line-range.ts";
import { readTextIfExists, withFileErrors } from "./text-file.ts";
import type { AnyOutcome, Tool, ToolContext } from "./tool.ts";

export const writeTool: Tool<"write"> = {
  action: "write",
  description:
    "Write a text file, replacing its content; missing folders are created. With `start` and `end` (as in read), only those lines are replaced.",
  modelArgs: ["path", "content", "start", "end"],
  effect: () => "write",
  // oxlint-disable-next-line require-yield -- there is nothing to stream
  async *run(args: ActionArgs<"write">, { runtime, signal }: ToolContext): AsyncGenerator<Delta, AnyOutcome> {
    return withFileErrors(runtime, args.path, "write to", async () => {
      const content = isWholeFile(args)
        ? args.content
        : replaceLines((await readTextIfExists(args.path, runtime, signal)) ?? "", args, args.content);
      const { path } = await runtime.writeFile(args.path, new TextEncoder().encode(content), signal);
      return { observation: "write", content: "", extras: { path } };
    });
  },
  formatForModel: (event: Observation) => event.message,
};
