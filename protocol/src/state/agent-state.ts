import type { ObservationExtras } from "../wire/observations.ts";
import { isWorking, type AgentState } from "../wire/states.ts";
import type { ConversationState } from "./state.ts";

export function applyAgentState(
  state: ConversationState,
  { agent_state: agentState, reason = "" }: ObservationExtras<"agent_state_changed">,
  atMs: number,
): ConversationState {
  const { turn } = state;
  const running = isWorking(agentState);
  const activeMs = turn.runningSince === null ? turn.activeMs : turn.activeMs + (atMs - turn.runningSince);
  return {
    ...state,
    agentState,
    reason,
    turn: { ...turn, activeMs, runningSince: running ? atMs : null },
    atLimit: running ? null : state.atLimit,
    pendingCalls: agentState === "stopped" || agentState === "error" ? [] : state.pendingCalls,
    // What has ended does not run it later.
    approved: endsApproved.has(agentState) ? null : state.approved,
  };
}

const endsApproved: ReadonlySet<AgentState> = new Set(["stopped", "error", "finished", "rejected"]);
