/** `deckhand rules`: what is allowed in every conversation. */
import { parseArguments, textOption } from "../arguments.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import { findServer } from "../find-server.ts";
import { stripControls } from "../print/strip-controls.ts";

const help = `Usage: deckhand rules [option…]
       deckhand rules [option…] add ACTION PATTERN
       deckhand rules [option…] delete ID

Lists what agents may do in every conversation without asking, adds a rule ("run" "npm run *"), or takes one back.

  --url URL   the server (default: HOST:PORT; DECKHAND_TOKEN is its token, where it wants one)
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
  if (verb !== undefined && verb !== "add" && verb !== "delete") throw new UsageError(`rules does not know ${verb}.`);
  await using server = await findServer(textOption(values["url"]), false);
  const { client } = server;
  const say = (id: number, action: string, what: string): void => {
    process.stdout.write(`${id}\t${stripControls(action)}\t${stripControls(what)}\n`);
  };
  if (verb === "add" && first !== undefined && pattern !== undefined) {
    const kept = await client.addRule({ action: first, pattern });
    say(kept.id, kept.action, kept.pattern);
  } else if (verb === "delete") await client.deleteRule(Number(first));
  else for (const rule of await client.rules()) say(rule.id, rule.action, rule.pattern);
  return exitCodes.finished;
}
