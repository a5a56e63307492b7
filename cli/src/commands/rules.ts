/** `deckhand rules`: approval rules for all conversations. */
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
  const [verb, ...rest] = positionals;
  const [first, pattern] = rest;
  if (verb === "add" && (rest.length !== 2 || first === undefined || pattern === undefined)) {
    throw new UsageError("add takes an action and a pattern.");
  }
  if (verb === "delete" && (rest.length !== 1 || !/^\d{1,15}$/.test(first ?? ""))) {
    throw new UsageError("delete takes the number of a rule.");
  }
  if (verb !== undefined && verb !== "add" && verb !== "delete")
    throw new UsageError(`Unknown subcommand "${verb}"; expected add or delete.`);
  await using server = await findServer(textOption(values["url"]), false);
  const { client } = server;
  const printRule = (id: number, action: string, pattern: string): void => {
    process.stdout.write(`${id}\t${stripControls(action)}\t${stripControls(pattern)}\n`);
  };
  if (verb === "add" && first !== undefined && pattern !== undefined) {
    const rule = await client.addRule({ action: first, pattern });
    printRule(rule.id, rule.action, rule.pattern);
  } else if (verb === "delete") await client.deleteRule(Number(first));
  else for (const rule of await client.rules()) printRule(rule.id, rule.action, rule.pattern);
  return exitCodes.finished;
}
