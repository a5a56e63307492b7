/** `deckhand mcp`: the MCP servers whose tools agents have. */
import type { McpServer, McpServerState, McpToolView } from "@deckhand/protocol";
import { parseArguments, textOption } from "../arguments.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import { findServer } from "../find-server.ts";
import { openServerSettings } from "../settings-access.ts";
import { stripControls } from "../print/strip-controls.ts";

const help = `Usage: deckhand mcp [option…]
       deckhand mcp [option…] add NAME URL
       deckhand mcp [option…] add NAME -- COMMAND [argument…]
       deckhand mcp [option…] remove NAME
       deckhand mcp [option…] check NAME
       deckhand mcp [option…] login ADDRESS

Lists the MCP servers, how they are, and their tools; adds one, takes one out, or tries one. Where one wants a login the list says
at which address; a browser that comes back to no page has, in its address bar, what login takes. A command runs on this machine,
outside of the sandbox, with a few variables of the environment and those that it is given.

  --url URL        the server (default: HOST:PORT; DECKHAND_TOKEN is its token, where it wants one)
  --env NAME=TEXT  with a command: a variable of its environment; again for more
  --header NAME=TEXT  with a URL: a header of every request; again for more
  --trust          what it says of its tools is believed: those that only read are not asked about
  --json           print it as JSON

Exit code
  0 done, or it is there · 1 it is not · 2 wrong usage
`;

export const mcpCommand = { help, run: mcp };

const options = {
  url: { type: "string" },
  env: { type: "string", multiple: true },
  header: { type: "string", multiple: true },
  trust: { type: "boolean" },
  json: { type: "boolean" },
} as const;

async function mcp(args: readonly string[]): Promise<ExitCode> {
  // What stands behind the dashes is the command's, options too.
  const dashes = args.indexOf("--");
  const command = dashes === -1 ? [] : args.slice(dashes + 1);
  const { values, positionals } = parseArguments(dashes === -1 ? args : args.slice(0, dashes), options);
  const [verb, name, address, ...more] = positionals;
  const url = textOption(values["url"]);
  const asJson = values["json"] === true;
  if (verb === undefined) return list(url, asJson);
  if (name === undefined || more.length > 0) throw new UsageError(`${verb} takes the name of a server.`);
  switch (verb) {
    case "add": {
      if ((address === undefined) === (command.length === 0))
        throw new UsageError("add takes a URL, or -- and a command.");
      await using kept = await openServerSettings(url);
      await kept.change({ mcp: { servers: { [name]: { ...without, ...serverOf(address, command, values) } } } });
      return exitCodes.finished;
    }
    case "remove": {
      await using kept = await openServerSettings(url);
      const { saved } = await kept.report();
      if (saved.mcp?.servers?.[name] === undefined) throw new Error(`There is no MCP server ${name}.`);
      await kept.change({ mcp: { servers: { [name]: null } } });
      return exitCodes.finished;
    }
    case "login": {
      await using server = await findServer(url, false);
      const done = await server.client.finishMcpLogin(name);
      process.stdout.write(`${stripControls(`You are logged in at ${done.name}.`)}\n`);
      return exitCodes.finished;
    }
    case "check":
      return check(url, name, asJson);
    default:
      throw new UsageError(`mcp does not know ${verb}.`);
  }
}

/** What was there of a server of that name goes. */
const without = { command: null, args: null, env: null, cwd: null, url: null, headers: null, trust_hints: null };

function serverOf(
  address: string | undefined,
  [command = "", ...args]: readonly string[],
  values: Readonly<Record<string, unknown>>,
): McpServer {
  const trust = values["trust"] === true ? { trust_hints: true } : {};
  const env = pairs("env", values["env"]);
  const headers = pairs("header", values["header"]);
  if (address !== undefined) return { url: address, ...trust, ...(headers === undefined ? {} : { headers }) };
  return { command, ...(args.length > 0 ? { args } : {}), ...trust, ...(env === undefined ? {} : { env }) };
}

function pairs(option: string, given: unknown): Record<string, string> | undefined {
  if (!Array.isArray(given)) return undefined;
  return Object.fromEntries(
    (given as string[]).map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new UsageError(`--${option} takes NAME=TEXT.`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

async function list(url: string | undefined, asJson: boolean): Promise<ExitCode> {
  await using server = await findServer(url, false);
  const servers = await server.client.mcpServers();
  if (asJson) process.stdout.write(`${JSON.stringify(servers)}\n`);
  else for (const each of servers) for (const line of linesOf(each)) process.stdout.write(`${stripControls(line)}\n`);
  const isWell = servers.every(({ state }) => state === "ready" || state === "off");
  return isWell ? exitCodes.finished : exitCodes.failed;
}

function linesOf({ name, kind, state, reason, login_url: login, tools, excluded: leftOut }: McpServerState): string[] {
  return [
    `${name}\t${kind}\t${state}${reason === "" ? "" : `\t${reason}`}`,
    ...(login === undefined ? [] : [`  log in at ${login}`]),
    ...tools.map(toolLine),
    ...(leftOut === 0 ? [] : [`  (${leftOut} more are left out)`]),
  ];
}

function toolLine({ name, description, read_only: readOnly }: McpToolView): string {
  const [first = ""] = description.split("\n");
  return `  ${name}${readOnly ? " (says that it only reads)" : ""}${first === "" ? "" : `: ${first.slice(0, 100)}`}`;
}

async function check(url: string | undefined, name: string, asJson: boolean): Promise<ExitCode> {
  await using server = await findServer(url, true);
  const report = await server.client.checkMcp({ name });
  if (asJson) process.stdout.write(`${JSON.stringify(report)}\n`);
  else
    for (const line of [report.sentence, ...report.tools.map(toolLine)])
      process.stdout.write(`${stripControls(line)}\n`);
  return report.ok ? exitCodes.finished : exitCodes.failed;
}
