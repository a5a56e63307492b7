/** The shape of the catalogue: what every translation has to provide. */
import type { en } from "./en.ts";

/** A message is a string, or a function of the numbers and names that it contains. */
type Translated<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { readonly [K in keyof T]: Translated<T[K]> };

export type Messages = Translated<typeof en>;
