/** `deckhand settings`: what the server keeps of a person's wishes. */
import { text } from "node:stream/consumers";
import type { SettingsPatch, SettingsReport } from "@deckhand/protocol";
import { parseArguments, textOption } from "../arguments.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import { openServerSettings } from "../settings-access.ts";
import { stripControls } from "../print/strip-controls.ts";

const help = `Usage: deckhand settings [option…]
       deckhand settings [option…] set NAME VALUE
       deckhand settings [option…] unset NAME

Shows what is saved in DECKHAND_HOME/settings.json, and changes it. A server that runs takes it up. NAME is a section and
what is in it (limits.max_steps, keys.anthropic, hooks.stop); VALUE is JSON, or text as it is; - reads it from the
standard input, which keeps a key out of the history of the shell. Hooks and MCP servers that are programs run outside
of the sandbox, and can be set here, on the machine, alone.

  --url URL   those of a server elsewhere (DECKHAND_TOKEN is its token, where it wants one)
  --json      print all of it as JSON

Examples
  deckhand settings set approval.policy always
  deckhand settings set keys.anthropic - < key.txt
  deckhand settings set hooks.stop '[{"name": "tests", "command": "npm test", "sandbox": true}]'
`;

export const settingsCommand = { help, run: settings };

async function settings(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, { url: { type: "string" }, json: { type: "boolean" } });
  const [verb, name, value, ...more] = positionals;
  const wanted = verb === "set" ? 3 : verb === "unset" ? 2 : verb === undefined ? 0 : -1;
  if (wanted === -1) throw new UsageError(`settings does not know ${verb}.`);
  if (positionals.length !== wanted || more.length > 0)
    throw new UsageError(`${verb} takes a name${verb === "set" ? " and a value" : ""}.`);
  await using kept = await openServerSettings(textOption(values["url"]));
  const report =
    name === undefined
      ? await kept.report()
      : await kept.change(patchOf(name, value === undefined ? null : await valueOf(name, value)));
  if (values["json"] === true) process.stdout.write(`${JSON.stringify(report)}\n`);
  else if (name === undefined) print(report);
  else for (const line of notesOn(report, name)) process.stderr.write(`${line}\n`);
  return report.problems.length === 0 ? exitCodes.finished : exitCodes.failed;
}

/** `keys.https://models.example` has one name after the section. */
function patchOf(name: string, value: unknown): SettingsPatch {
  const [section = "", ...rest] = name.split(".");
  const path = section === "keys" ? [rest.join(".")] : rest;
  if (rest.length === 0 && value !== null) return { [section]: value };
  return { [section]: rest.length === 0 ? null : nested(path, value) };
}

function nested([first = "", ...rest]: readonly string[], value: unknown): object {
  return { [first]: rest.length === 0 ? value : nested(rest, value) };
}

async function valueOf(name: string, given: string): Promise<unknown> {
  const written = given === "-" ? (await text(process.stdin)).trim() : given;
  if (name.startsWith("keys.")) return written;
  try {
    return JSON.parse(written) as unknown;
  } catch {
    return written;
  }
}

function print({ saved, environment, effective, restart, problems, file }: SettingsReport): void {
  const say = (line: string): boolean => process.stdout.write(`${stripControls(line)}\n`);
  say(file);
  for (const { section = "the file", problem } of problems) say(`✖ ${section}: ${problem}`);
  for (const [name, value] of flat(saved)) {
    const by = environment[name];
    say(`  ${name} = ${value}${by === undefined ? "" : `   (not in use: ${by} is set)`}`);
  }
  const held = new Map(flat(effective));
  for (const [name, variable] of Object.entries(environment)) {
    const value = held.get(name);
    say(`  ${name}${value === undefined ? "" : ` = ${value}`}   (${variable})`);
  }
  for (const section of restart) say(`${section} holds from the next start of the server on.`);
}

function flat(value: unknown, path = ""): [string, string][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[path, JSON.stringify(value)]];
  const entries = Object.entries(value);
  if (path !== "" && entries.length === 1 && "last" in value) return [[path, `…${String(value.last)}`]];
  return entries.flatMap(([key, inner]) => flat(inner, path === "" ? key : `${path}.${key}`));
}

function notesOn({ environment, restart }: SettingsReport, name: string): string[] {
  const [section = ""] = name.split(".");
  const variable = environment[name];
  return [
    ...(variable === undefined ? [] : [`It is saved, and not in use: ${variable} is set.`]),
    ...(restart.some((each) => each === section) ? ["It holds from the next start of the server on."] : []),
  ];
}
