/** The differences between two logs. Times, durations, ids and texts about them are ignored. */
import { diffArrays } from "diff";
import { isAction, type Event } from "@deckhand/protocol";
import { relocated } from "./relocate.ts";

export interface Difference {
  /** Id in the recorded log; for an additional event, the id of the recorded event that it precedes. */
  readonly event: number;
  /** `run`, `→run`: an action, an observation. */
  readonly kind: string;
  /** The field that differs: `content`, `extras.exit_code`; empty for a missing or an additional event. */
  readonly field: string;
  /** Null if there is no such event or field. */
  readonly was: string | null;
  readonly is: string | null;
}

interface ComparedEvent {
  readonly id: number;
  readonly kind: string;
  readonly fields: Readonly<Record<string, string>>;
}

const ignoredFields: ReadonlySet<string> = new Set([
  "extras.duration_ms",
  "extras.first_token_ms",
  "extras.context",
  "extras.error_id",
  "extras.model",
  "extras.reason",
  "extras.whole",
  "args.id",
  "args.rules",
]);

export function differences(
  was: readonly Event[],
  is: readonly Event[],
  folders: { readonly was: string | undefined; readonly is: string },
): readonly Difference[] {
  const old = was.map((event) => comparable(event, was, relocated(event, folders.was, "$WORKSPACE")));
  const now = is.map((event) => comparable(event, is, relocated(event, folders.is, "$WORKSPACE")));
  const same = (a: ComparedEvent, b: ComparedEvent): boolean =>
    a.kind === b.kind && JSON.stringify(a.fields) === JSON.stringify(b.fields);
  const found: Difference[] = [];
  let removedRun: readonly ComparedEvent[] = [];
  let next = 0;
  const pairUp = (additions: readonly ComparedEvent[]): void => {
    for (let at = 0; at < Math.max(removedRun.length, additions.length); at += 1)
      found.push(...between(removedRun[at], additions[at], next));
    removedRun = [];
  };
  for (const { value, added, removed } of diffArrays(old, now, { comparator: same })) {
    if (removed) {
      pairUp([]);
      removedRun = value;
      next += value.length;
    } else if (added) pairUp(value);
    else {
      pairUp([]);
      next += value.length;
    }
  }
  pairUp([]);
  return found;
}

function between(was: ComparedEvent | undefined, is: ComparedEvent | undefined, next: number): readonly Difference[] {
  if (was !== undefined && is !== undefined && was.kind === is.kind) {
    const names = [...new Set([...Object.keys(was.fields), ...Object.keys(is.fields)])];
    return names
      .filter((name) => was.fields[name] !== is.fields[name])
      .map((field) => ({
        event: was.id,
        kind: was.kind,
        field,
        was: was.fields[field] ?? null,
        is: is.fields[field] ?? null,
      }));
  }
  const describe = (event: ComparedEvent | undefined): string | null =>
    event === undefined ? null : `${event.kind} ${summary(event)}`;
  return [{ event: was?.id ?? next, kind: (was ?? is)?.kind ?? "", field: "", was: describe(was), is: describe(is) }];
}

function summary({ fields }: ComparedEvent): string {
  return fields["args.command"] ?? fields["args.path"] ?? fields["extras.agent_state"] ?? fields["content"] ?? "";
}

function comparable(event: Event, log: readonly Event[], moved: Event): ComparedEvent {
  if (isAction(moved)) {
    const fields = {
      source: moved.source,
      ...flat("args", moved.args),
      ...(moved.approval === undefined ? {} : { approval: "asked" }),
    };
    const byTime = moved.action === "approve" && moved.source === "environment";
    return { id: event.id, kind: moved.action, fields: byTime ? {} : fields };
  }
  const cause = log.find(({ id }) => id === moved.cause);
  const content = hasVolatileContent(moved) ? {} : { content: moved.content };
  return {
    id: event.id,
    kind: `→${moved.observation}`,
    fields: {
      source: moved.source,
      ...content,
      ...flat("extras", moved.extras),
      ...(cause !== undefined && isAction(cause) ? { answers: cause.action } : {}),
    },
  };
}

/** Its content contains times of this very run. */
function hasVolatileContent(event: Event): boolean {
  if (isAction(event)) return false;
  return (
    event.observation === "user_rejected" || (event.observation === "error" && event.extras.code === "outcome_unknown")
  );
}

function flat(prefix: string, value: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [`${prefix}.${key}`, inner] as const)
      .filter(([name, inner]) => inner !== undefined && !ignoredFields.has(name))
      .map(([name, inner]) => [name, typeof inner === "string" ? inner : JSON.stringify(inner)]),
  );
}
