/** The states of a conversation, with the names that the first protocol gave them. */
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

/** The states that a client may ask for with `change_agent_state`. */
export const requestableStates = [
  "paused",
  "running",
  "stopped",
  "user_confirmed",
  "user_rejected",
] as const satisfies readonly AgentState[];

/** A turn goes on, or is to begin; in `user_confirmed` with the action that was approved. */
export function isWorking(state: AgentState | null): boolean {
  return state === "running" || state === "user_confirmed";
}
