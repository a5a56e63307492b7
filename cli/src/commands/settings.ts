/** `deckhand settings`: shows every option and changes the saved ones. */
import { text } from "node:stream/consumers";
import type { SettingsOption, SettingsPatch, SettingsReport } from "@deckhand/protocol";
import { parseArguments, textOption } from "../arguments.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import { stripControls } from "../print/strip-controls.ts";
import { tableLines } from "../print/table.ts";
import { openServerSettings } from "../settings-access.ts";

const help = `Usage: deckhand settings [options]
       deckhand settings [options] set NAME VALUE
       deckhand settings [options] unset NAME

Show every option, its value and where it comes from: default, saved,
environment or flag. "set" and "unset" change what is saved in
DECKHAND_HOME/settings.json; a running server applies the change.

NAME is a section and a name in it: limits.max_steps, keys.anthropic,
hooks.stop. VALUE is JSON or plain text; "-" reads it from standard input, which
keeps a key out of the shell's history. Hooks and MCP servers that start
programs run outside the sandbox and can only be set on the server's machine.

Options
  --url URL   use the server at this address (token: DECKHAND_TOKEN) instead of
              the settings on this machine
  --json      print everything as JSON

Examples
  deckhand settings set approval.policy always
  deckhand settings set keys.anthropic - < key.txt
  deckhand settings set hooks.stop \\
    '[{"name": "tests", "command": "npm test", "sandbox": true}]'
`;

export const settingsCommand = { help, run: settings };

async function settings(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, { url: { type: "string" }, json: { type: "boolean" } });
  const [verb, name, value] = positionals;
  const arity = verb === "set" ? 3 : verb === "unset" ? 2 : verb === undefined ? 0 : undefined;
  if (arity === undefined) throw new UsageError(`Unknown subcommand "${verb}"; expected set or unset.`);
  if (positionals.length !== arity) {
    throw new UsageError(`${verb} takes a name${verb === "set" ? " and a value" : ""}.`);
  }
  await using access = await openServerSettings(textOption(values["url"]));
  const report =
    name === undefined
      ? await access.report()
      : await access.change(patchOf(name, value === undefined ? null : await parseValue(name, value)));
  if (values["json"] === true) process.stdout.write(`${JSON.stringify(report)}\n`);
  else if (name === undefined) printReport(report);
  else for (const line of notesOn(report, name)) process.stderr.write(`${line}\n`);
  return report.problems.length === 0 ? exitCodes.finished : exitCodes.failed;
}

/** In `keys.https://models.example`, everything after the section is one name. */
function patchOf(name: string, value: unknown): SettingsPatch {
  const [section = "", ...rest] = name.split(".");
  if (rest.length === 0) return { [section]: value };
  return { [section]: nested(section === "keys" ? [rest.join(".")] : rest, value) };
}

function nested([first = "", ...rest]: readonly string[], value: unknown): object {
  return { [first]: rest.length === 0 ? value : nested(rest, value) };
}

async function parseValue(name: string, argument: string): Promise<unknown> {
  const typed = argument === "-" ? (await text(process.stdin)).trim() : argument;
  if (name.startsWith("keys.")) return typed;
  try {
    return JSON.parse(typed) as unknown;
  } catch {
    return typed;
  }
}

type Row = readonly [name: string, source: string, value: string];

function printReport(report: SettingsReport): void {
  const print = (line: string): boolean => process.stdout.write(`${stripControls(line)}\n`);
  print(`Settings file: ${report.file}`);
  for (const { section = "the file", problem } of report.problems) print(`✖ ${section}: ${problem}`);
  print("");
  for (const line of tableLines(["OPTION", "SOURCE", "VALUE"], rowsOf(report))) print(line);
  for (const section of report.restart) print(`\nThe change of ${section} takes effect after a restart of the server.`);
}

/** Options first, then what can only be saved: keys, MCP servers, hooks. */
function rowsOf({ saved, environment, options }: SettingsReport): readonly Row[] {
  const savedValues = new Map(flatten(saved));
  const optionNames = new Set(options.map(({ name }) => name));
  const savedOnly = [...savedValues].filter(([name]) => !optionNames.has(name));
  const providerKeys = Object.entries(environment).filter(([name]) => name.startsWith("keys."));
  return [
    ...options.map((option): Row => [
      option.name,
      option.source === "fail_closed" ? "fail-closed" : option.source,
      valueOf(option, savedValues.get(option.name)),
    ]),
    ...savedOnly
      .filter(([name]) => environment[name] === undefined)
      .map(([name, value]): Row => [name, "saved", value]),
    ...providerKeys.map(([name, variable]): Row => [
      name,
      "environment",
      withNotes("(hidden)", variable, savedValues.get(name)),
    ]),
  ];
}

function valueOf({ value, default: byDefault, set_by: setBy }: SettingsOption, saved: string | undefined): string {
  if (value === undefined) return byDefault === undefined ? "–" : `(${byDefault})`;
  return withNotes(value === "" ? "(none)" : value, setBy, setBy === undefined ? undefined : saved);
}

function withNotes(value: string, setBy: string | undefined, overridden: string | undefined): string {
  const notes = [setBy, overridden === undefined ? undefined : `overrides saved ${overridden}`];
  const present = notes.filter((note) => note !== undefined);
  return present.length === 0 ? value : `${value} (${present.join(", ")})`;
}

/** Values by their dotted names; a list is one value. */
function flatten(value: unknown, path = ""): readonly (readonly [string, string])[] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[path, JSON.stringify(value)]];
  const entries = Object.entries(value);
  // A masked secret.
  if (path !== "" && entries.length === 1 && "last" in value) return [[path, `…${String(value.last)}`]];
  return entries.flatMap(([key, inner]) => flatten(inner, path === "" ? key : `${path}.${key}`));
}

function notesOn({ environment, restart }: SettingsReport, name: string): readonly string[] {
  const [section = ""] = name.split(".");
  const override = environment[name];
  return [
    ...(override === undefined ? [] : [`Saved, but overridden: ${override} is set.`]),
    ...(restart.some((each) => each === section) ? ["Takes effect after a restart of the server."] : []),
  ];
}
