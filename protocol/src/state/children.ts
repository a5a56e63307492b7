/** Conversations that work for this one. What they cost is told by their own totals, so that it is counted once however often it is told. */
import type { Action } from "../wire/event.ts";
import type { ChildReport } from "../wire/observations.ts";
import { isWorking } from "../wire/states.ts";
import type { Usage } from "../wire/usage.ts";
import type { ConversationState } from "./state.ts";

/** A copy of a log is nobody's child, and the children of the original work for the original. */
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
  const more = (now: number, before: number | undefined): number => now - (before ?? 0);
  const steps = more(report.steps, known?.steps);
  const costUsd = more(report.cost_usd, known?.cost_usd);
  const { usage, childUsage: usedByChildren, turn } = state;
  const tokens = Object.fromEntries(
    Object.entries(report.usage).map(([name, now]) => [
      name,
      usage[name as keyof Usage] + more(now, known?.usage[name as keyof Usage]),
    ]),
  ) as unknown as Usage;
  const isOpen = state.open.some(({ id }) => id === report.action);
  return pauseClockWhileWaiting(
    {
      ...state,
      children,
      // What a person has it do later is no step of this turn.
      turn: { ...turn, steps: turn.steps + (isOpen ? steps : 0) },
      usage: {
        ...usage,
        ...tokens,
        steps: usage.steps + steps,
        costUsd: usage.costUsd + costUsd,
        unpricedSteps: usage.unpricedSteps + more(report.unpriced_steps, known?.unpriced_steps),
      },
      childUsage: { steps: usedByChildren.steps + steps, costUsd: usedByChildren.costUsd + costUsd },
    },
    atMs,
  );
}

/** While all that goes on here waits for a person, the time is not the turn's. */
function pauseClockWhileWaiting(state: ConversationState, atMs: number): ConversationState {
  const { turn, open, children, agentState } = state;
  if (!isWorking(agentState)) return state;
  const held =
    open.length > 0 &&
    open.every(({ id }) =>
      children.some(({ action, agent_state: is }) => action === id && is !== null && waits.has(is)),
    );
  if (held === (turn.runningSince === null)) return state;
  return {
    ...state,
    turn: held
      ? { ...turn, activeMs: turn.activeMs + atMs - (turn.runningSince ?? atMs), runningSince: null }
      : { ...turn, runningSince: atMs },
  };
}

const waits: ReadonlySet<string> = new Set(["awaiting_user_confirmation", "paused"]);
