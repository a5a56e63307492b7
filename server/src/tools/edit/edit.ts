import { DeckhandError, type ActionArgs, type Delta } from "@deckhand/protocol";
import { applyPatch } from "../patch/apply-patch.ts";
import { readTextIfExists, withFileErrors } from "../text-file.ts";
import type { AnyOutcome, Tool, ToolContext } from "../tool.ts";
import { unifiedDiff } from "./diff.ts";
import { explainNoMatch } from "./no-match.ts";
import { replaceText } from "./replace.ts";

/** Contents up to this length are stored in the event for viewers; the diff always is. */
const maxContentChars = 64 * 1024;

export const editTool: Tool<"edit"> = {
  action: "edit",
  description:
    "Replace text in a file; returns a diff. `old_str` must match the file exactly, and only once unless `replace_all` is true: quote whole lines, including whitespace. An empty `old_str` creates a new file.",
  modelArgs: ["path", "old_str", "new_str", "replace_all"],
  effect: () => "write",
  async *run(args: ActionArgs<"edit">, { runtime, signal }: ToolContext): AsyncGenerator<Delta, AnyOutcome> {
    if (args.patch !== undefined) return yield* applyPatch(args.patch, runtime, signal);
    return withFileErrors(runtime, args.path, "write to", async () => {
      const before = await readTextIfExists(args.path, runtime, signal);
      if (before === null && args.old_str !== "") throw new DeckhandError("file_not_found");
      const after = edited(before, args);
      const { path } = await runtime.writeFile(args.path, new TextEncoder().encode(after), signal);
      return {
        observation: "edit",
        content: unifiedDiff(path, path, before, after) ?? "File edited. The diff is too large to show.",
        extras: {
          path,
          ...(before !== null && before.length <= maxContentChars ? { old_content: before } : {}),
          ...(after.length <= maxContentChars ? { new_content: after } : {}),
        },
      };
    });
  },
};

function edited(
  before: string | null,
  { path, old_str: oldText, new_str: newText, replace_all: replaceAll }: ActionArgs<"edit">,
): string {
  if (before === null || (before === "" && oldText === "")) return newText;
  if (oldText === "") {
    throw new DeckhandError("ambiguous_match", `${path} already exists: put the text to replace in old_str.`);
  }
  const result = replaceText(before, oldText, newText);
  if (result.type === "not_found") throw new DeckhandError("no_match", explainNoMatch(path, before, oldText));
  if (result.count > 1 && !replaceAll) {
    throw new DeckhandError(
      "ambiguous_match",
      `old_str matches ${result.count} times in ${path}. Include more surrounding lines, or set replace_all.`,
    );
  }
  return result.text;
}
