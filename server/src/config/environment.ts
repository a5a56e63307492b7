/** Reading options from environment variables. */
import { options, type NamedOption } from "./config.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** An empty variable counts as unset. */
export function isSet(environment: Environment, variable: string): boolean {
  return environment[variable] !== undefined && environment[variable] !== "";
}

/** The variable that sets the option: its own, else a deprecated one. */
export function variableFor(option: NamedOption, environment: Environment): string | undefined {
  return variablesOf(option).find((variable) => isSet(environment, variable));
}

const prefix = "DECKHAND_";

export const knownVariables: readonly string[] = options.flatMap(({ variable }) => variable ?? []);

/** Set by our own scripts, by the tests of crashes, and for programs and commands that the server starts. */
const internalVariables: ReadonlySet<string> = new Set([
  "DECKHAND_APART",
  "DECKHAND_COMMAND",
  "DECKHAND_CONVERSATION",
  "DECKHAND_FAILPOINT",
  "DECKHAND_SERVER",
  "DECKHAND_PROGRAM",
  "DECKHAND_USER_PATH",
]);

/** A sentence for each deprecated variable and each unknown one that starts with `DECKHAND_`. */
export function variableWarnings(environment: Environment): readonly string[] {
  const renamed = new Map(
    options.flatMap(({ variable = "", deprecatedVariables = [] }) =>
      deprecatedVariables.map((old) => [old, variable] as const),
    ),
  );
  return Object.keys(environment)
    .filter((name) => name.startsWith(prefix) && isSet(environment, name))
    .flatMap((name) => {
      const successor = renamed.get(name);
      if (successor !== undefined) return [`${name} is deprecated; use ${successor}.`];
      if (knownVariables.includes(name) || internalVariables.has(name)) return [];
      const closest = closestVariable(name);
      const hint = closest === undefined ? "" : ` Did you mean ${closest}?`;
      return [`Unknown variable ${name} is ignored.${hint}`];
    });
}

function variablesOf({ variable, deprecatedVariables = [] }: NamedOption): readonly string[] {
  return [...(variable === undefined ? [] : [variable]), ...deprecatedVariables];
}

/** A typo changes at most one character in three; a name that is further away is something else. */
function closestVariable(name: string): string | undefined {
  const [closest] = knownVariables
    .map((known) => ({ known, distance: editDistance(name, known) }))
    .toSorted((a, b) => a.distance - b.distance);
  const maxDistance = (name.length - prefix.length) / 3;
  return closest !== undefined && closest.distance <= maxDistance ? closest.known : undefined;
}

/** Levenshtein distance, row by row. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
