import { DeckhandError, type ActionArgs, type Delta, type Observation } from "@deckhand/protocol";
import type { SpawnResult } from "../runtime/runtime.ts";
import type { AnyOutcome, Tool, ToolContext } from "./tool.ts";

const maxOutputBytes = 30_000;
/** The shell's exit code for a program that does not exist. */
const programNotFound = 127;

export const searchTool: Tool<"search"> = {
  action: "search",
  description:
    "Search file contents with a regular expression under `path`, in files whose names match `glob` (such as *.ts). Files ignored by git are skipped unless `path` names them. Matches are returned as path:line:text.",
  modelArgs: ["pattern", "path", "glob"],
  effect: () => "read",
  // oxlint-disable-next-line require-yield -- there is nothing to stream
  async *run(args: ActionArgs<"search">, { runtime, signal }: ToolContext): AsyncGenerator<Delta, AnyOutcome> {
    let result = await runtime.spawn(ripgrep(args), maxOutputBytes, signal);
    if (result.exitCode === programNotFound) result = await runtime.spawn(grep(args), maxOutputBytes, signal);
    // Both exit with 1 if nothing matches. Above that, stderr has the reason, and there may still be matches.
    if (result.exitCode > 1 && result.stdout.length === 0) {
      throw new DeckhandError(
        "bad_tool_args",
        `The search failed: ${result.stderr.trim() || `exit code ${result.exitCode}`}`,
      );
    }
    const lines = completeLines(result).map((line) => (args.path === "." ? line.replace(/^\.\//, "") : line));
    return {
      observation: "search",
      content: lines.join("\n"),
      extras: { pattern: args.pattern, path: args.path, matches: lines.length, truncated: result.cut },
    };
  },
  formatForModel(event: Observation): string {
    if (event.observation !== "search") return event.content;
    if (event.extras.matches === 0) return "No matches found.";
    return event.extras.truncated ? `${event.content}\n[More matches not shown; narrow the search]` : event.content;
  },
};

function ripgrep({ pattern, path, glob }: ActionArgs<"search">): string[] {
  const filter = glob === undefined ? [] : ["--glob", glob];
  return [
    "rg",
    "--line-number",
    "--no-heading",
    "--with-filename",
    "--color=never",
    "--max-columns=400",
    "--max-columns-preview",
    // Hidden files (.github, .env.example) belong to the project; ignored ones do not, even without a repository.
    "--hidden",
    "--glob=!.git",
    "--no-require-git",
    "--sort=path",
    ...filter,
    "-e",
    pattern,
    "--",
    path,
  ];
}

function grep({ pattern, path, glob }: ActionArgs<"search">): string[] {
  const filter = glob === undefined ? [] : [`--include=${glob}`];
  return ["grep", "-rnHIE", "--exclude-dir=.git", "--exclude-dir=node_modules", ...filter, "-e", pattern, "--", path];
}

function completeLines({ stdout, cut }: SpawnResult): string[] {
  const lines = new TextDecoder().decode(stdout).split("\n");
  // The last piece is empty after a final newline, and incomplete if the output was cut.
  if (cut || lines.at(-1) === "") lines.pop();
  return lines;
}
