/** `deckhand mcp`: manages the MCP servers whose tools agents can use. */
import type { McpServer, McpServerState, McpToolView } from "@deckhand/protocol";
import { parseArguments, textOption } from "../arguments.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import { findServer } from "../find-server.ts";
import { openServerSettings } from "../settings-access.ts";
import { stripControls } from "../print/strip-controls.ts";

const help = `Usage: deckhand mcp [options]
       deckhand mcp [options] add NAME URL
       deckhand mcp [options] add NAME -- COMMAND [arguments]
       deckhand mcp [options] remove NAME
       deckhand mcp [options] check NAME
       deckhand mcp [options] login ADDRESS

List MCP servers with their state and tools, add or remove one, or test one. If
a server needs a login, the list shows the address to open; if the browser then
ends on a page that does not load, pass that page's address to "login".

A COMMAND runs on the server's machine, outside the sandbox, with a minimal
environment plus --env.

Options
  --url URL            the server's address (default: HOST:PORT; token:
                       DECKHAND_TOKEN)
  --env NAME=VALUE     with a command: an environment variable; repeatable
  --header NAME=VALUE  with a URL: a header for every request; repeatable
  --trust              trust the server's hints: tools marked read-only need no
                       approval
  --json               print JSON

Exit codes
  0  success; the server is reachable
  1  it is not
  2  usage error
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
  // Everything after `--` belongs to the command, including its options.
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
        throw new UsageError("add takes either a URL, or -- and a command.");
      await using access = await openServerSettings(url);
      await access.change({ mcp: { servers: { [name]: { ...cleared, ...serverOf(address, command, values) } } } });
      return exitCodes.finished;
    }
    case "remove": {
      await using access = await openServerSettings(url);
      const { saved } = await access.report();
      if (saved.mcp?.servers?.[name] === undefined) throw new Error(`Unknown MCP server "${name}".`);
      await access.change({ mcp: { servers: { [name]: null } } });
      return exitCodes.finished;
    }
    case "login": {
      await using server = await findServer(url, false);
      const login = await server.client.finishMcpLogin(name);
      process.stdout.write(`${stripControls(`Logged in to ${login.name}.`)}\n`);
      return exitCodes.finished;
    }
    case "check":
      return check(url, name, asJson);
    default:
      throw new UsageError(`Unknown subcommand "${verb}"; expected add, remove, check or login.`);
  }
}

/** Removes every field of an existing server with the same name. */
const cleared = { command: null, args: null, env: null, cwd: null, url: null, headers: null, trust_hints: null };

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
      if (at < 1) throw new UsageError(`--${option} takes NAME=VALUE.`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

async function list(url: string | undefined, asJson: boolean): Promise<ExitCode> {
  await using server = await findServer(url, false);
  const servers = await server.client.mcpServers();
  if (asJson) process.stdout.write(`${JSON.stringify(servers)}\n`);
  else for (const each of servers) for (const line of linesOf(each)) process.stdout.write(`${stripControls(line)}\n`);
  const allWell = servers.every(({ state }) => state === "ready" || state === "off");
  return allWell ? exitCodes.finished : exitCodes.failed;
}

function linesOf({ name, kind, state, reason, login_url: login, tools, excluded }: McpServerState): string[] {
  return [
    `${name}\t${kind}\t${state}${reason === "" ? "" : `\t${reason}`}`,
    ...(login === undefined ? [] : [`  log in at ${login}`]),
    ...tools.map(toolLine),
    ...(excluded === 0 ? [] : [`  (${excluded} more excluded)`]),
  ];
}

function toolLine({ name, description, read_only: readOnly }: McpToolView): string {
  const [first = ""] = description.split("\n");
  return `  ${name}${readOnly ? " (read-only hint)" : ""}${first === "" ? "" : `: ${first.slice(0, 100)}`}`;
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
