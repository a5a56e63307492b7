/** Subagents of this conversation. They report totals, so a report that arrives twice is counted once. */
import type { Action } from "../wire/event.ts";
import type { ChildReport } from "../wire/observations.ts";
import { isWorking } from "../wire/states.ts";
import type { Usage } from "../wire/usage.ts";
import type { ConversationState } from "./state.ts";

/** A copy of a log has no parent, and the subagents in it belong to the original. */
export function applyParent(
  state: ConversationState,
  parent: Action<"initialize">["args"]["parent"],
): ConversationState {
  return parent === undefined ? state : { ...state, parent, children: [] };
}

export function applyChildReport(state: ConversationState, report: ChildReport, atMs: number): ConversationState {
  const known = state.children.find(({ conversation }) => conversation === report.conversation);
  const children =
    known === undefined
      ? [...state.children, report]
      : state.children.map((child) => (child === known ? report : child));
  const increase = (now: number, before = 0): number => now - before;
  const steps = increase(report.steps, known?.steps);
  const costUsd = increase(report.cost_usd, known?.cost_usd);
  const { usage, childUsage, turn } = state;
  const tokens = Object.fromEntries(
    Object.entries(report.usage).map(([name, now]) => [
      name,
      usage[name as keyof Usage] + increase(now, known?.usage[name as keyof Usage]),
    ]),
  ) as unknown as Usage;
  const isOpen = state.open.some(({ id }) => id === report.action);
  return pauseClockWhileWaiting(
    {
      ...state,
      children,
      // Steps taken after the delegation ended do not count toward this turn.
      turn: { ...turn, steps: turn.steps + (isOpen ? steps : 0) },
      usage: {
        ...usage,
        ...tokens,
        steps: usage.steps + steps,
        costUsd: usage.costUsd + costUsd,
        unpricedSteps: usage.unpricedSteps + increase(report.unpriced_steps, known?.unpriced_steps),
      },
      childUsage: { steps: childUsage.steps + steps, costUsd: childUsage.costUsd + costUsd },
    },
    atMs,
  );
}

/** The clock of the turn stops while every open action waits for a person. */
function pauseClockWhileWaiting(state: ConversationState, atMs: number): ConversationState {
  const { turn, open, children, agentState } = state;
  if (!isWorking(agentState)) return state;
  const isWaiting =
    open.length > 0 &&
    open.every(({ id }) =>
      children.some(({ action, agent_state: is }) => action === id && is !== null && waitingStates.has(is)),
    );
  if (isWaiting === (turn.runningSince === null)) return state;
  return {
    ...state,
    turn: isWaiting
      ? { ...turn, activeMs: turn.activeMs + atMs - (turn.runningSince ?? atMs), runningSince: null }
      : { ...turn, runningSince: atMs },
  };
}

const waitingStates: ReadonlySet<string> = new Set(["awaiting_user_confirmation", "paused"]);
