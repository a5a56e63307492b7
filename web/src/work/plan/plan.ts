import { isAction, type ActionArgs, type Event } from "@deckhand/protocol";

export interface Plan {
  /** Id of the event that set the plan. */
  readonly id: number;
  readonly timestamp: string;
  readonly tasks: ActionArgs<"plan">["tasks"];
}

/** The latest plan, whether stored or being written. */
export function lastPlan(events: readonly Event[]): Plan | undefined {
  const found = events.findLast((event) => (isAction(event) ? event.action === "plan" : event.observation === "plan"));
  if (found === undefined) return undefined;
  const { id, timestamp } = found;
  if (isAction(found)) return found.action === "plan" ? { id, timestamp, tasks: found.args.tasks } : undefined;
  return found.observation === "plan" ? { id, timestamp, tasks: found.extras.tasks } : undefined;
}

export function openTasks(events: readonly Event[]): number {
  return lastPlan(events)?.tasks.filter(({ status }) => status !== "done").length ?? 0;
}
