/** How values are written in environment variables and command-line flags. */
import { resolve } from "node:path";

export interface ValueType<T> {
  /** Returns undefined for text that is not a value of this type. */
  parse(text: string): T | undefined;
  format(value: T): string;
  /** Completes the sentence "expected …". */
  readonly expected: string;
  /** The value must not appear in output or error messages. */
  readonly isSecret?: boolean;
}

export const text: ValueType<string> = { parse: (value) => value, format: (value) => value, expected: "text" };

/** Resolved against the working directory. */
export const path: ValueType<string> = {
  parse: (value) => resolve(value),
  format: (value) => value,
  expected: "a path",
};

export const url: ValueType<string> = {
  parse: (value) => (URL.canParse(value) ? value : undefined),
  format: (value) => value,
  expected: "a URL such as http://127.0.0.1:8000/v1",
};

export const boolean: ValueType<boolean> = {
  parse(value) {
    if (/^(?:true|1|yes|on|y|enabled)$/i.test(value)) return true;
    return /^(?:false|0|no|off|n|disabled)$/i.test(value) ? false : undefined;
  },
  format: String,
  expected: "true or false",
};

/** Comma-separated. */
export const list: ValueType<readonly string[]> = {
  parse: (value) =>
    value
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== ""),
  format: (value) => value.join(","),
  expected: "a comma-separated list",
};

export function secret(minLength: number): ValueType<string> {
  return {
    parse: (value) => (value.length >= minLength ? value : undefined),
    format: () => "(hidden)",
    expected: `at least ${minLength} characters`,
    isSecret: true,
  };
}

export function choice<const T extends string>(values: readonly T[]): ValueType<T> {
  return {
    parse: (value) => values.find((each) => each === value),
    format: (value) => value,
    expected: `one of ${values.join(", ")}`,
  };
}

export function integer(min: number, max = Number.MAX_SAFE_INTEGER): ValueType<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return numeric((value) => Number.isInteger(value) && value >= min && value <= max, `an integer ${range}`);
}

export function number(min: number, max = Number.MAX_VALUE): ValueType<number> {
  const range = max === Number.MAX_VALUE ? `of at least ${min}` : `from ${min} to ${max}`;
  return numeric((value) => value >= min && value <= max, `a number ${range}`);
}

export function positive(max = Number.MAX_VALUE): ValueType<number> {
  const range = max === Number.MAX_VALUE ? "above 0" : `above 0 and at most ${max}`;
  return numeric((value) => value > 0 && value <= max, `a number ${range}`);
}

const units = "KMGT";

/** Powers of 1024: `512M`, `1.5G`. */
export const bytes: ValueType<number> = {
  parse(value) {
    if (!/^\d+(?:\.\d+)?[KMGT]$/i.test(value)) return undefined;
    const exponent = 1 + units.indexOf(value.slice(-1).toUpperCase());
    return Math.floor(Number(value.slice(0, -1)) * 1024 ** exponent);
  },
  format(value) {
    const exponent = Math.min(units.length, Math.max(1, Math.floor(Math.log(value) / Math.log(1024))));
    return `${Number((value / 1024 ** exponent).toFixed(2))}${units[exponent - 1]}`;
  },
  expected: "a size with the unit K, M, G or T, such as 512M",
};

function numeric(isAllowed: (value: number) => boolean, expected: string): ValueType<number> {
  return {
    parse(value) {
      const parsed = value.trim() === "" ? Number.NaN : Number(value);
      return isAllowed(parsed) ? parsed : undefined;
    },
    format: String,
    expected,
  };
}
