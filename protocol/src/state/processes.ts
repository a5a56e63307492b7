import type { Observation } from "../wire/event.ts";
import type { JobState, TerminalState } from "../wire/processes.ts";
import type { ConversationState } from "./state.ts";

export function withTerminal(
  state: ConversationState,
  { id, state: is }: TerminalState,
  since: string,
): ConversationState {
  const others = state.terminals.filter((each) => each.id !== id);
  return { ...state, terminals: is === "open" ? [...others, { id, since }] : others };
}

export function withJob(
  state: ConversationState,
  { extras, timestamp }: Observation<"run" | "job">,
  job: JobState,
): ConversationState {
  const known = state.jobs.some(({ id }) => id === job.id);
  if (job.state === "ended") return known ? { ...state, jobs: state.jobs.filter(({ id }) => id !== job.id) } : state;
  return known ? state : { ...state, jobs: [...state.jobs, { id: job.id, command: extras.command, since: timestamp }] };
}
