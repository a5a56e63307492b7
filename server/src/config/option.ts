import type { ServerSettings } from "@deckhand/protocol";
import type { ValueType } from "./value-types.ts";

/** What a default may depend on. */
export interface DefaultContext {
  /** `XDG_DATA_HOME`, or the user's equivalent. */
  readonly dataHome: string;
  /** The resolved `server.home`. */
  readonly home: string;
}

export interface Option<T> {
  /** Absent: the option can only be saved. */
  readonly variable?: string;
  /** Older names of the variable: they still work, and cause a warning. */
  readonly deprecatedVariables?: readonly string[];
  readonly type: ValueType<Exclude<T, undefined>>;
  readonly default: Default<T>;
  /** What the documentation says instead of the default's value. */
  readonly defaultText?: string;
  /** Markdown for docs/CONFIGURATION.md. */
  readonly description: string;
  /** Reads the option from settings.json; absent where it cannot be saved. */
  readonly saved?: (settings: ServerSettings) => T | undefined;
  /** A running server applies a change of the saved value at once. */
  readonly live?: boolean;
}

interface Spec<T> extends Omit<Option<NoInfer<T>>, "default" | "type"> {
  readonly type: ValueType<T>;
}
type Default<T> = T | ((context: DefaultContext) => T);

/** Without a default the value is undefined where nothing sets it. */
export function option<T>(spec: Spec<T> & { readonly default: Default<NoInfer<T>> }): Option<T>;
export function option<T>(spec: Spec<T>): Option<T | undefined>;
export function option<T>(spec: Spec<T> & { readonly default?: Default<T> }): unknown {
  return { ...spec, default: spec.default };
}

export interface Section<O extends Readonly<Record<string, Option<unknown>>>> {
  /** Heading in docs/CONFIGURATION.md. */
  readonly title: string;
  readonly options: O;
}

export function section<const O extends Readonly<Record<string, Option<unknown>>>>(
  title: string,
  options: O,
): Section<O> {
  return { title, options };
}
