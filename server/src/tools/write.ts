import type { ActionArgs, Delta, Observation } from "@deckhand/protocol";
import { DeckhandError } from "@deckhand/protocol";
import { decodeText, withFileErrors } from "./text-file.ts";
import { replaceLines } from "./line-range.ts";
import type { AnyOutcome, Tool, ToolContext } from "./tool.ts";

const maxFileBytes = 16 * 1024 * 1024;

export const writeTool: Tool<"write"> = {
  action: "write",
  description:
    "Write a text file, whole: folders are made, what was there is replaced. With `start` and `end` (as in read) only those lines are replaced.",
  modelArgs: ["path", "content", "start", "end"],
  effect: () => "write",
  // oxlint-disable-next-line require-yield -- a file is written at once
  async *run(args: ActionArgs<"write">, { runtime, signal }: ToolContext): AsyncGenerator<Delta, AnyOutcome> {
    return withFileErrors(runtime, args.path, "write to", async () => {
      const content = isWhole(args) ? args.content : replaceLines(await present(), args, args.content);
      const { path } = await runtime.writeFile(args.path, new TextEncoder().encode(content), signal);
      return { observation: "write", content: "", extras: { path } };
    });

    async function present(): Promise<string> {
      try {
        return decodeText((await runtime.readFile(args.path, maxFileBytes, signal)).data);
      } catch (error) {
        if (error instanceof DeckhandError && error.code === "file_not_found") return "";
        throw error;
      }
    }
  },
  formatForModel: (event: Observation) => event.message,
};

function isWhole({ start, end }: ActionArgs<"write">): boolean {
  return start === 0 && end === -1;
}
