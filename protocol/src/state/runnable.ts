/** Groups of actions. */
import type { ActionKind } from "../wire/actions.ts";

/** Actions that have an effect inside or outside the workspace. Each gets exactly one observation. */
export const runnableActions = [
  "read",
  "write",
  "edit",
  "run",
  "job",
  "run_ipython",
  "browse",
  "browse_interactive",
  "search",
  "plan",
  "delegate",
  "call_tool",
  "restore",
] as const satisfies readonly ActionKind[];
export type RunnableKind = (typeof runnableActions)[number];

export function isRunnable(kind: string): kind is RunnableKind {
  return (runnableActions as readonly string[]).includes(kind);
}

/** Whether files in the workspace may have changed after such an action. */
export function mayChangeWorkspace(kind: ActionKind): boolean {
  return isRunnable(kind) && kind !== "read" && kind !== "search" && kind !== "browse" && kind !== "plan";
}

/**
 * Actions with a defined shape that this version of the server does not implement: it answers each with
 * `not_available`. A test of the server compares this list with its tools.
 */
export const unavailableActions = ["run_ipython", "browse_interactive"] as const satisfies readonly RunnableKind[];
