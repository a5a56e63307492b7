import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { UsageError } from "./exit-codes.ts";

/** A list for options that may be repeated. */
type OptionValue = string | boolean | readonly string[] | undefined;

export interface ParsedArguments {
  readonly values: Readonly<Record<string, OptionValue>>;
  readonly positionals: readonly string[];
}

/** Adds `--help`, which every command has. Fails with a `UsageError`. */
export function parseArguments(args: readonly string[], options: ParseArgsOptionsConfig): ParsedArguments {
  try {
    const all = { ...options, help: { type: "boolean", short: "h" } } satisfies ParseArgsOptionsConfig;
    const { values, positionals } = parseArgs({ args: [...args], options: all, allowPositionals: true, strict: true });
    return { values, positionals };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Fails with a `UsageError` if the option is given but is not such a number. */
export function numberOption(name: string, value: OptionValue, integer: boolean): number | undefined {
  if (typeof value !== "string") return undefined;
  const number = Number(value);
  if (value.trim() !== "" && number > 0 && Number.isFinite(number) && (!integer || Number.isInteger(number)))
    return number;
  throw new UsageError(`--${name} takes a ${integer ? "whole " : ""}number above 0, not "${value}".`);
}

export function textOption(value: OptionValue): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The values of an option that may be repeated. */
export function listOption(value: OptionValue): readonly string[] {
  return typeof value === "object" ? value : [];
}

/** The only positional argument. Fails with a `UsageError` if there is none, or more than one. */
export function soleArgument(positionals: readonly string[], usage: string): string {
  const [first, ...more] = positionals;
  if (first === undefined || more.length > 0) throw new UsageError(usage);
  return first;
}

/** The number of an event. `name` is the flag or command that takes it. Fails with a `UsageError`. */
export function eventArgument(name: string, value: string | undefined): number | undefined {
  if (value !== undefined && !/^\d{1,15}$/.test(value)) throw new UsageError(`${name} takes the number of an event.`);
  return value === undefined ? undefined : Number(value);
}
