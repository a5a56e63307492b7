import { eventArgument, parseArguments, soleArgument, textOption } from "../arguments.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { findServer } from "../find-server.ts";

const help = `Usage: deckhand fork [options] ID

Create a conversation with a copy of another one's events, and print its ID. It
stays idle until it gets a message.

Options
  --url URL   the server's address (default: HOST:PORT; token: DECKHAND_TOKEN)
  --at N      the last event to copy (default: the last one)
`;

export const forkCommand = { help, run: fork };

async function fork(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, { url: { type: "string" }, at: { type: "string" } });
  const id = soleArgument(positionals, "fork takes the ID of one conversation.");
  const at = eventArgument("--at", textOption(values["at"]));
  await using server = await findServer(textOption(values["url"]), false);
  const created = await server.client.fork(id, at);
  process.stdout.write(`${created.id}\n`);
  return exitCodes.finished;
}
