/** The states of a conversation, under the names that OpenHands 0.9–0.14 gave them. */
export const agentStates = [
  "loading",
  "init",
  "running",
  "awaiting_user_input",
  "awaiting_user_confirmation",
  "user_confirmed",
  "user_rejected",
  "paused",
  "stopped",
  "finished",
  "rejected",
  "error",
] as const;

export type AgentState = (typeof agentStates)[number];

/** The states that a client may request with `change_agent_state`. */
export const requestableStates = [
  "paused",
  "running",
  "stopped",
  "user_confirmed",
  "user_rejected",
] as const satisfies readonly AgentState[];

/** A turn is running or about to start; `user_confirmed` starts it with the approved action. */
export function isWorking(state: AgentState | null): boolean {
  return state === "running" || state === "user_confirmed";
}
