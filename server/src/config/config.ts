/**
 * All configuration options. The type `Config`, the tables in docs/CONFIGURATION.md and the output of `deckhand
 * settings` are derived from them.
 */
import type { Option, Section } from "./option.ts";
import { agents, approval, limits, workspace } from "./sections/conversations.ts";
import { model } from "./sections/model.ts";
import { container, kubernetes, network, sandbox } from "./sections/runtime.ts";
import { server } from "./sections/server.ts";

export const sections = {
  model,
  limits,
  approval,
  agents,
  workspace,
  sandbox,
  network,
  container,
  kubernetes,
  server,
} as const;

type SectionName = keyof typeof sections;
type ValuesOf<S> =
  S extends Section<infer O> ? { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never } : never;

/** An option that is neither set nor has a default is undefined. */
export type Config = { readonly [S in SectionName]: ValuesOf<(typeof sections)[S]> };

export interface NamedOption extends Option<unknown> {
  /** As in settings.json and `--set`: `limits.max_steps`. */
  readonly name: string;
  readonly section: SectionName;
  /** Property of the section in `Config`: `maxSteps`. */
  readonly key: string;
}

export const options: readonly NamedOption[] = (Object.keys(sections) as SectionName[]).flatMap((section) =>
  Object.entries<Option<unknown>>(sections[section].options).map(([key, option]) => ({
    ...option,
    section,
    key,
    name: `${section}.${key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
  })),
);
