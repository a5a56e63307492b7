import { DeckhandError, type ActionArgs, type Delta, type Observation } from "@deckhand/protocol";
import type { SpawnResult } from "../runtime/runtime.ts";
import type { AnyOutcome, Tool, ToolContext } from "./tool.ts";

const maxBytes = 30_000;
const notFound = 127;

export const searchTool: Tool<"search"> = {
  action: "search",
  description:
    "Search file contents by a regular expression below `path`, in files whose name fits `glob` (such as *.ts). What git ignores is left out, unless `path` names it. Lines come as path:line:text.",
  modelArgs: ["pattern", "path", "glob"],
  effect: () => "read",
  // oxlint-disable-next-line require-yield -- the lines come at once
  async *run(args: ActionArgs<"search">, { runtime, signal }: ToolContext): AsyncGenerator<Delta, AnyOutcome> {
    let found = await runtime.spawn(ripgrep(args), maxBytes, signal);
    if (found.exitCode === notFound) found = await runtime.spawn(grep(args), maxBytes, signal);
    // 1 is "no line fits" for both; what is above says why on stderr, and may still have found lines.
    if (found.exitCode > 1 && found.stdout.length === 0) {
      throw new DeckhandError(
        "bad_tool_args",
        `The search failed: ${found.stderr.trim() || `exit code ${found.exitCode}`}`,
      );
    }
    const lines = wholeLines(found).map((line) => (args.path === "." ? line.replace(/^\.\//, "") : line));
    return {
      observation: "search",
      content: lines.join("\n"),
      extras: { pattern: args.pattern, path: args.path, matches: lines.length, truncated: found.cut },
    };
  },
  formatForModel(event: Observation): string {
    if (event.observation !== "search") return event.content;
    if (event.extras.matches === 0) return "No line fits.";
    return event.extras.truncated ? `${event.content}\n[There are more; search for less]` : event.content;
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
    // What a project hides (.github, .env.example) is its own; what it ignores is not, also where there is no repository yet.
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

function wholeLines({ stdout, cut }: SpawnResult): string[] {
  const lines = new TextDecoder().decode(stdout).split("\n");
  // The last piece is empty after a final newline, and broken off when there was more.
  if (cut || lines.at(-1) === "") lines.pop();
  return lines;
}
