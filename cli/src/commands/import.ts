import { openAsBlob } from "node:fs";
import { buffer } from "node:stream/consumers";
import { parseArguments, soleArgument, textOption } from "../arguments.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { findServer } from "../find-server.ts";

const help = `Usage: deckhand import [options] FILE

Create a conversation from the output of "deckhand export" ("-" reads standard
input), and print its ID. Nothing in it is run.

Options
  --url URL   the server's address (default: HOST:PORT; token: DECKHAND_TOKEN)
`;

export const importCommand = { help, run: importConversation };

async function importConversation(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, { url: { type: "string" } });
  const file = soleArgument(positionals, "import takes one file.");
  const lines = file === "-" ? await buffer(process.stdin) : await openAsBlob(file);
  await using server = await findServer(textOption(values["url"]), false);
  const created = await server.client.import(lines);
  process.stdout.write(`${created.id}\n`);
  return exitCodes.finished;
}
