import { createTwoFilesPatch } from "diff";
import { DeckhandError, type ActionArgs, type Delta } from "@deckhand/protocol";
import { decodeText, withFileErrors } from "../text-file.ts";
import type { AnyOutcome, Tool, ToolContext } from "../tool.ts";
import { applyPatch } from "../patch/apply-patch.ts";
import { explainNoMatch } from "./no-match.ts";
import { replaceAll } from "./replace.ts";

const maxFileBytes = 16 * 1024 * 1024;

/** Contents up to this length stand in the event, for a viewer; the diff is always there. */
const maxContentChars = 64 * 1024;

/** Lines around a change in the diff; and the milliseconds after which a diff is given up for a plain sentence. */
const diffOptions = { context: 3, timeout: 500 } as const;

export const editTool: Tool<"edit"> = {
  action: "edit",
  description:
    "Replace text in a file. `old_str` must be in the file as given, and only once unless `replace_all` is true: quote whole lines, with their white space. An empty `old_str` makes a new file. A diff comes back.",
  modelArgs: ["path", "old_str", "new_str", "replace_all"],
  effect: () => "write",
  async *run(args: ActionArgs<"edit">, { runtime, signal }: ToolContext): AsyncGenerator<Delta, AnyOutcome> {
    if (args.patch !== undefined) return yield* applyPatch(args.patch, runtime, signal);
    return withFileErrors(runtime, args.path, "write to", async () => {
      const before = await present();
      const after = edited(before, args);
      const { path } = await runtime.writeFile(args.path, new TextEncoder().encode(after), signal);
      const diff = createTwoFilesPatch(path, path, before ?? "", after, undefined, undefined, diffOptions);
      return {
        observation: "edit",
        content: diff ?? "The file is edited; the change is too large for a diff.",
        extras: {
          path,
          ...(before !== null && before.length <= maxContentChars ? { old_content: before } : {}),
          ...(after.length <= maxContentChars ? { new_content: after } : {}),
        },
      };
    });

    async function present(): Promise<string | null> {
      try {
        return decodeText((await runtime.readFile(args.path, maxFileBytes, signal)).data);
      } catch (error) {
        const isNew = error instanceof DeckhandError && error.code === "file_not_found" && args.old_str === "";
        if (isNew) return null;
        throw error;
      }
    }
  },
};

function edited(
  before: string | null,
  { path, old_str: old, new_str: text, replace_all: all }: ActionArgs<"edit">,
): string {
  if (before === null || (before === "" && old === "")) return text;
  if (old === "") {
    throw new DeckhandError("ambiguous_match", `${path} exists: give the text to replace in old_str.`);
  }
  const replaced = replaceAll(before, old, text);
  if ("missing" in replaced) throw new DeckhandError("no_match", explainNoMatch(path, before, old));
  if (replaced.count > 1 && !all) {
    throw new DeckhandError(
      "ambiguous_match",
      `old_str is in ${path} ${replaced.count} times. Give more lines around it, or set replace_all.`,
    );
  }
  return replaced.text;
}
