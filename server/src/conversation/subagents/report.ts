/** What a parent's log says of a subagent. */
import { isDeepStrictEqual } from "node:util";
import {
  actionSentence,
  excerpt,
  isWorking,
  observation,
  type ChildReport,
  type ConversationState,
  type NewObservation,
} from "@deckhand/protocol";
import { defaultAgent } from "../../agent/agents.ts";

/** Undefined for a conversation without a parent. */
export function reportOf(id: string, state: ConversationState): ChildReport | undefined {
  const { parent, settings, agentState, usage } = state;
  if (parent === null) return undefined;
  const { input, output, cached_input, cache_write, reasoning } = usage;
  return {
    conversation: id,
    action: parent.action,
    agent: settings.agent_cls ?? defaultAgent,
    agent_state: agentState,
    awaiting: awaitingIn(id, state),
    usage: { input, output, cached_input, cache_write, reasoning },
    cost_usd: usage.costUsd,
    steps: usage.steps,
    unpriced_steps: usage.unpricedSteps,
  };
}

/** Its own action that waits for approval, or one of its subagents. */
function awaitingIn(id: string, { awaiting, open, children }: ConversationState): ChildReport["awaiting"] {
  const action = open.find((each) => each.id === awaiting?.id);
  if (action !== undefined) return { conversation: id, id: action.id, message: excerpt(actionSentence(action)) };
  return children.find((child) => child.awaiting !== null)?.awaiting ?? null;
}

/** Empty if the parent has the same report already. */
export function childEvents(report: ChildReport, parent: ConversationState): readonly NewObservation<"child">[] {
  const known = parent.children.find(({ conversation }) => conversation === report.conversation);
  return isDeepStrictEqual(known, report) ? [] : [observation("environment", "child", "", report)];
}

/** Whether the change is worth a report. Usage is reported when the subagent comes to rest; until then it is only counted. */
export function isNews(before: ConversationState, now: ConversationState): boolean {
  if (now.parent === null) return false;
  if (before.agentState !== now.agentState || before.awaiting?.id !== now.awaiting?.id) return true;
  if (before.children !== now.children && !isDeepStrictEqual(waitingIn(before), waitingIn(now))) return true;
  return !isWorking(now.agentState) && before.usage !== now.usage;
}

function waitingIn({ children }: ConversationState): readonly unknown[] {
  return children.map(({ awaiting }) => awaiting);
}
