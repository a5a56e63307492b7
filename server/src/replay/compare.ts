/** Where two logs tell different things. Times, durations, ids and words about them are not looked at. */
import { diffArrays } from "diff";
import { isAction, type Event } from "@deckhand/protocol";
import { relocated } from "./relocate.ts";

export interface Difference {
  /** Id in the recorded log; of an event that came in addition, the id of the one before which it came. */
  readonly event: number;
  /** `run`, `→run`: an action, an observation. */
  readonly kind: string;
  /** What of it differs: `content`, `extras.exit_code`; empty for an event that is missing or came in addition. */
  readonly field: string;
  /** Null where there is none. */
  readonly was: string | null;
  readonly is: string | null;
}

interface Told {
  readonly id: number;
  readonly kind: string;
  readonly fields: Readonly<Record<string, string>>;
}

const volatile: ReadonlySet<string> = new Set([
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
  const old = was.map((event) => tell(event, was, relocated(event, folders.was, "$WORKSPACE")));
  const now = is.map((event) => tell(event, is, relocated(event, folders.is, "$WORKSPACE")));
  const same = (a: Told, b: Told): boolean =>
    a.kind === b.kind && JSON.stringify(a.fields) === JSON.stringify(b.fields);
  const found: Difference[] = [];
  let gone: readonly Told[] = [];
  let next = 0;
  const settle = (came: readonly Told[]): void => {
    for (let at = 0; at < Math.max(gone.length, came.length); at += 1) found.push(...between(gone[at], came[at], next));
    gone = [];
  };
  for (const { value, added, removed } of diffArrays(old, now, { comparator: same })) {
    if (removed) {
      settle([]);
      gone = value;
      next += value.length;
    } else if (added) settle(value);
    else {
      settle([]);
      next += value.length;
    }
  }
  settle([]);
  return found;
}

function between(was: Told | undefined, is: Told | undefined, next: number): readonly Difference[] {
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
  const whole = (told: Told | undefined): string | null =>
    told === undefined ? null : `${told.kind} ${summary(told)}`;
  return [{ event: was?.id ?? next, kind: (was ?? is)?.kind ?? "", field: "", was: whole(was), is: whole(is) }];
}

function summary({ fields }: Told): string {
  return fields["args.command"] ?? fields["args.path"] ?? fields["extras.agent_state"] ?? fields["content"] ?? "";
}

function tell(event: Event, log: readonly Event[], moved: Event): Told {
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
  const content = hasOwnWords(moved) ? {} : { content: moved.content };
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

/** They tell times, of this very run. */
function hasOwnWords(event: Event): boolean {
  if (isAction(event)) return false;
  return (
    event.observation === "user_rejected" || (event.observation === "error" && event.extras.code === "outcome_unknown")
  );
}

function flat(prefix: string, value: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [`${prefix}.${key}`, inner] as const)
      .filter(([name, inner]) => inner !== undefined && !volatile.has(name))
      .map(([name, inner]) => [name, typeof inner === "string" ? inner : JSON.stringify(inner)]),
  );
}
