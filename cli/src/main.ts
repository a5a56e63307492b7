#!/usr/bin/env node
/** Entry point of the command line: `deckhand serve`, `deckhand run "task"`, `deckhand attach ID` … */
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
  restore: async () => (await import("./commands/restore.ts")).restoreCommand,
  fork: async () => (await import("./commands/fork.ts")).forkCommand,
  export: async () => (await import("./commands/export.ts")).exportCommand,
  import: async () => (await import("./commands/import.ts")).importCommand,
  models: async () => (await import("./commands/models.ts")).modelsCommand,
  replay: async () => (await import("./commands/replay.ts")).replayCommand,
  settings: async () => (await import("./commands/settings.ts")).settingsCommand,
  mcp: async () => (await import("./commands/mcp.ts")).mcpCommand,
  rules: async () => (await import("./commands/rules.ts")).rulesCommand,
};

const help = `Usage: deckhand COMMAND [options]

Runs coding agents in a sandbox.

Start
  serve          start the server and its web UI
  run "TASK"     work on one task unattended
  attach ID      follow a conversation and write to its agent

Conversations
  diff ID        show what changed in the workspace
  restore ID N   restore the workspace to what it was at event N
  fork ID        copy a conversation, up to an event
  export ID      print a conversation as JSON lines, Markdown or HTML
  import FILE    create a conversation from an export
  replay ID      re-run a conversation from its log and show differences
  costs          show tokens and dollars spent

Setup
  settings       show and change settings: model, keys, limits, hooks …
  models         list the available models, and test one
  mcp            list, add, remove and test MCP servers
  rules          list, add and delete approval rules for all conversations
  doctor         verify the sandbox and show the configuration
  bench TASKS    run an agent on a folder of tasks and report the results

Run "deckhand COMMAND --help" for the options of a command.
`;

async function main([name, ...args]: readonly string[]): Promise<ExitCode> {
  if (name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(help);
    return 0;
  }
  const load = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) {
    process.stderr.write(name === undefined ? help : `deckhand: unknown command "${name}"\n\n${help}`);
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
    process.stderr.write(`deckhand ${name}: ${messageOf(error)}\n`);
    if (!(error instanceof UsageError)) return exitCodes.failed;
    process.stderr.write(`\n${command.help}`);
    return exitCodes.usage;
  }
}

function messageOf(error: unknown): string {
  if (error instanceof DeckhandError) return `${error.message} (${error.code})`;
  return error instanceof Error ? error.message : String(error);
}

// Exit quietly when the reader closes the pipe (`deckhand run … | head`).
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(exitCodes.failed);
});

process.exitCode = await main(process.argv.slice(2));
