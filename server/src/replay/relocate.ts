/** Paths in a log are those of the workspace where it was written; a replay has another one. */
import { isAction, type Event } from "@deckhand/protocol";

/** The workspace where the log was written, as far as it can be inferred; undefined if the log contains no path. */
export function workspaceIn(events: readonly Event[]): string | undefined {
  for (const event of events) {
    if (isAction(event)) {
      if (event.action === "initialize" && event.args.directory !== undefined) return event.args.directory;
    } else if (event.observation === "run") return event.extras.cwd;
    else if (event.observation === "read" || event.observation === "write" || event.observation === "edit") {
      const cause = events.find(({ id }) => id === event.cause);
      const asked = cause !== undefined && isAction(cause) && "path" in cause.args ? cause.args.path : "";
      const found = event.extras.path;
      if (asked !== "" && !asked.startsWith("/") && found.endsWith(`/${asked}`))
        return found.slice(0, -asked.length - 1);
    }
  }
  return undefined;
}

/** The value with one folder replaced by the other in every string. */
export function relocated<T>(value: T, from: string | undefined, to: string): T {
  // A root or top-level folder is not a workspace, and would match everywhere.
  if (from === undefined || from.lastIndexOf("/") <= 0) return value;
  return walk(value) as T;

  function walk(inner: unknown): unknown {
    if (typeof inner === "string") return inner.replaceAll(from ?? "", to);
    if (Array.isArray(inner)) return inner.map(walk);
    if (typeof inner !== "object" || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, each]) => [key, walk(each)]));
  }
}
