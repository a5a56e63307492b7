/** `deckhand fork`, `export` and `import`: conversations as a whole. */
import { openAsBlob } from "node:fs";
import { pipeline } from "node:stream/promises";
import { buffer } from "node:stream/consumers";
import type { ExportFormat } from "@deckhand/client";
import { parseArguments, textOption } from "../arguments.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import { findServer } from "../find-server.ts";

const url = "  --url URL   the server (default: HOST:PORT; DECKHAND_TOKEN is its token, where it wants one)\n";

export const forkCommand = {
  help: `Usage: deckhand fork [option…] ID

Makes a new conversation with a copy of the events of another one, and prints its id. It rests until somebody says something.

${url}  --at N      the last event that is copied (default: the last there is)
`,
  run: fork,
};

export const exportCommand = {
  help: `Usage: deckhand export [option…] ID > FILE

Prints a conversation.

${url}  --format F  jsonl (default; can be imported), markdown or html
`,
  run: exportConversation,
};

export const importCommand = {
  help: `Usage: deckhand import [option…] FILE

Makes a conversation of what \`deckhand export\` printed (- for the standard input), and prints its id. Nothing in it is run.

${url}`,
  run: importConversation,
};

const formats: readonly ExportFormat[] = ["jsonl", "markdown", "html"];

async function fork(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, { url: { type: "string" }, at: { type: "string" } });
  const id = only(positionals, "fork takes the id of one conversation.");
  const typed = textOption(values["at"]);
  if (typed !== undefined && !/^\d{1,15}$/.test(typed)) throw new UsageError("--at takes the number of an event.");
  await using server = await findServer(textOption(values["url"]), false);
  const made = await server.client.fork(id, typed === undefined ? undefined : Number(typed));
  process.stdout.write(`${made.id}\n`);
  return exitCodes.finished;
}

async function exportConversation(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, { url: { type: "string" }, format: { type: "string" } });
  const id = only(positionals, "export takes the id of one conversation.");
  const format = formats.find((each) => each === (values["format"] ?? "jsonl"));
  if (format === undefined) throw new UsageError(`--format takes ${formats.join(", ")}.`);
  await using server = await findServer(textOption(values["url"]), false);
  await pipeline(await server.client.export(id, format), process.stdout, { end: false });
  return exitCodes.finished;
}

async function importConversation(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, { url: { type: "string" } });
  const file = only(positionals, "import takes one file.");
  const lines = file === "-" ? await buffer(process.stdin) : await openAsBlob(file);
  await using server = await findServer(textOption(values["url"]), false);
  const made = await server.client.import(lines);
  process.stdout.write(`${made.id}\n`);
  return exitCodes.finished;
}

function only(positionals: readonly string[], otherwise: string): string {
  const [first, ...more] = positionals;
  if (first === undefined || more.length > 0) throw new UsageError(otherwise);
  return first;
}
