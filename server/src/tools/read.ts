import type { ActionArgs, Delta, Observation } from "@deckhand/protocol";
import { decodeText, withFileProblems } from "./file-problem.ts";
import { cutLines } from "./lines.ts";
import type { AnyOutcome, Tool, ToolContext } from "./tool.ts";

/** Files up to this size are read; larger ones are for commands. */
const maxFileBytes = 16 * 1024 * 1024;

/** Characters of one observation; a model reads on with `start`. */
const maxChars = 60_000;

export const readTool: Tool<"read"> = {
  action: "read",
  description:
    "Read a text file. `start` and `end` choose lines: `start` counts from 0, `end` is exclusive, -1 is the end. Long files come in part, with the line to read on from.",
  offers: ["path", "start", "end"],
  effect: () => "read",
  // oxlint-disable-next-line require-yield -- a file comes whole
  async *run(args: ActionArgs<"read">, { runtime, signal }: ToolContext): AsyncGenerator<Delta, AnyOutcome> {
    return withFileProblems(runtime, args.path, "read", async () => {
      const { data, path } = await runtime.readFile(args.path, maxFileBytes, signal);
      return { observation: "read", content: bounded(cutLines(decodeText(data), args), args.start), extras: { path } };
    });
  },
  tell: (event: Observation) => (event.content === "" ? "[The file is empty]" : event.content),
};

function bounded(text: string, start: number): string {
  if (text.length <= maxChars) return text;
  const end = text.lastIndexOf("\n", maxChars) + 1 || maxChars;
  const shown = text.slice(0, end);
  const next = start + shown.split("\n").length - 1;
  return `${shown}\n[The file goes on: read it with start ${next}]\n`;
}
