#!/usr/bin/env node
/** The command line: `deckhand serve`, `deckhand run "task"`, `deckhand attach ID` … */
import { DeckhandError } from "@deckhand/protocol";
import { exitCodes, UsageError, type ExitCode } from "./exit-codes.ts";

interface Command {
  readonly help: string;
  run(args: readonly string[]): Promise<ExitCode>;
}

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import("./commands/serve.ts")).serveCommand,
  run: async () => (await import("./commands/run.ts")).runCommand,
  doctor: async () => (await import("./commands/doctor.ts")).doctorCommand,
  attach: async () => (await import("./commands/attach.ts")).attachCommand,
  bench: async () => (await import("./bench/bench.ts")).benchCommand,
  costs: async () => (await import("./commands/costs.ts")).costsCommand,
  diff: async () => (await import("./commands/diff.ts")).diffCommand,
  restore: async () => (await import("./commands/diff.ts")).restoreCommand,
  fork: async () => (await import("./commands/fork.ts")).forkCommand,
  export: async () => (await import("./commands/fork.ts")).exportCommand,
  import: async () => (await import("./commands/fork.ts")).importCommand,
  models: async () => (await import("./commands/models.ts")).modelsCommand,
  replay: async () => (await import("./commands/replay.ts")).replayCommand,
  settings: async () => (await import("./commands/settings.ts")).settingsCommand,
  mcp: async () => (await import("./commands/mcp.ts")).mcpCommand,
  rules: async () => (await import("./commands/rules.ts")).rulesCommand,
};

const help = `Usage: deckhand COMMAND [option…]

Commands
  serve        start the server, with the web page
  run "task"   work on one task without a person, and end with it
  doctor       try out the sandbox, and show what a server here would have
  attach ID    follow a conversation and say something in it
  bench TASKS  have an agent work on a folder of tasks, and tell what it solved
  costs        print the tokens and dollars that models took
  diff ID      print what changed in the workspace of a conversation
  restore ID N bring the workspace back to what it was at an event
  fork ID      make a new conversation of the beginning of another
  export ID    print a conversation as JSON lines, Markdown or HTML
  import FILE  make a conversation of what export printed
  models       list the models, and try one
  replay ID    run a conversation again from its log, and tell where it differs
  settings     show and change what the server keeps: model, keys, limits, hooks …
  mcp          list, add, remove and try MCP servers
  rules        list, add and delete what is allowed in every conversation

deckhand COMMAND --help tells more.
`;

async function main([name, ...args]: readonly string[]): Promise<ExitCode> {
  if (name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(help);
    return 0;
  }
  const load = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) {
    process.stderr.write(name === undefined ? help : `There is no command "${name}".\n\n${help}`);
    return exitCodes.usage;
  }
  const command = await load();
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(command.help);
    return 0;
  }
  try {
    return await command.run(args);
  } catch (error) {
    process.stderr.write(`deckhand ${name}: ${sentenceOf(error)}\n`);
    if (!(error instanceof UsageError)) return exitCodes.failed;
    process.stderr.write(`\n${command.help}`);
    return exitCodes.usage;
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof DeckhandError) return `${error.message} (${error.code})`;
  return error instanceof Error ? error.message : String(error);
}

// A reader that went away (`deckhand run … | head`) is no reason for a stack trace.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(exitCodes.failed);
});

process.exitCode = await main(process.argv.slice(2));
