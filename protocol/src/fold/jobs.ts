import type { Observation } from "../event.ts";
import type { JobState } from "../observations.ts";
import type { ConversationState } from "./state.ts";

export function withJob(
  state: ConversationState,
  { extras, timestamp }: Observation<"run" | "job">,
  job: JobState,
): ConversationState {
  const known = state.jobs.some(({ id }) => id === job.id);
  if (job.state === "ended") return known ? { ...state, jobs: state.jobs.filter(({ id }) => id !== job.id) } : state;
  return known ? state : { ...state, jobs: [...state.jobs, { id: job.id, command: extras.command, since: timestamp }] };
}
