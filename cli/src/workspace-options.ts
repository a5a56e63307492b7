import { resolve } from "node:path";
import type { WorkspaceChoice } from "@deckhand/protocol";
import { textOption, type ParsedArguments } from "./arguments.ts";
import { UsageError } from "./exit-codes.ts";

const names = ["folder", "worktree", "copy", "git"] as const;

/**
 * The workspace selected by the options; undefined for the server's default. Fails with a `UsageError` for two of them.
 */
export function workspaceChoice(values: ParsedArguments["values"]): WorkspaceChoice | undefined {
  const given = names.flatMap((name) => {
    const value = textOption(values[name]);
    return value === undefined ? [] : [{ name, value }];
  });
  const [first, second] = given;
  const ref = textOption(values["ref"]);
  if (second !== undefined) throw new UsageError(`--${first?.name} and --${second.name} cannot be combined.`);
  if (ref !== undefined && first?.name !== "git" && first?.name !== "worktree") {
    throw new UsageError("--ref needs --git or --worktree.");
  }
  if (first === undefined) return undefined;
  const at = ref === undefined ? {} : { ref };
  switch (first.name) {
    case "folder":
      return { folder: resolve(first.value) };
    case "worktree":
      return { repository: resolve(first.value), as: "worktree", ...at };
    case "copy":
      return { repository: resolve(first.value), as: "copy" };
    case "git":
      return { git: first.value, ...at };
  }
}
