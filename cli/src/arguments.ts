import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { UsageError } from "./exit-codes.ts";

interface Parsed {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
}

/** Every command has `--help`. Fails with a `UsageError`. */
export function parseArguments(args: readonly string[], options: ParseArgsOptionsConfig): Parsed {
  try {
    const all = { ...options, help: { type: "boolean", short: "h" } } satisfies ParseArgsOptionsConfig;
    const { values, positionals } = parseArgs({ args: [...args], options: all, allowPositionals: true, strict: true });
    return { values, positionals };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Fails with a `UsageError` where the option is given and not a number of that kind. */
export function numberOption(name: string, value: string | boolean | undefined, whole: boolean): number | undefined {
  if (typeof value !== "string") return undefined;
  const number = Number(value);
  if (value.trim() !== "" && number > 0 && Number.isFinite(number) && (!whole || Number.isInteger(number)))
    return number;
  throw new UsageError(`--${name} takes a ${whole ? "whole " : ""}number above 0, not "${value}".`);
}

export function textOption(value: string | boolean | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
