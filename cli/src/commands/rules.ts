/** `deckhand rules`: approval rules for all conversations. */
import type { Client } from "@deckhand/client";
import type { ServerRule } from "@deckhand/protocol";
import { parseArguments, textOption } from "../arguments.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import { findServer } from "../find-server.ts";
import { stripControls } from "../print/strip-controls.ts";

const help = `Usage: deckhand rules [options]
       deckhand rules [options] add ACTION PATTERN
       deckhand rules [options] delete NUMBER

List, add and delete approval rules: what agents may do without approval in
every conversation.

Options
  --url URL   the server's address (default: HOST:PORT; token: DECKHAND_TOKEN)

Example
  deckhand rules add run "npm run *"
`;

export const rulesCommand = { help, run: rules };

async function rules(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, { url: { type: "string" } });
  const perform = subcommand(positionals);
  await using server = await findServer(textOption(values["url"]), false);
  await perform(server.client);
  return exitCodes.finished;
}

function subcommand([verb, ...rest]: readonly string[]): (client: Client) => Promise<void> {
  const [first, second, ...more] = rest;
  switch (verb) {
    case undefined:
      return async (client) => (await client.rules()).forEach(printRule);
    case "add":
      if (first === undefined || second === undefined || more.length > 0) {
        throw new UsageError("add takes an action and a pattern.");
      }
      return async (client) => printRule(await client.addRule({ action: first, pattern: second }));
    case "delete":
      if (rest.length !== 1 || !/^\d{1,15}$/.test(first ?? ""))
        throw new UsageError("delete takes the number of a rule.");
      return (client) => client.deleteRule(Number(first));
    default:
      throw new UsageError(`Unknown subcommand "${verb}"; expected add or delete.`);
  }
}

function printRule({ id, action, pattern }: ServerRule): void {
  process.stdout.write(`${id}\t${stripControls(action)}\t${stripControls(pattern)}\n`);
}
