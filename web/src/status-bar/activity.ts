/** What the agent is doing right now, as text. */
import type { ViewState } from "@deckhand/client";
import { isAction, type AgentState } from "@deckhand/protocol";
import { currentMessages } from "../i18n/i18n.ts";
import type { Messages } from "../i18n/messages.ts";

export function stateLabel(state: AgentState | null, t: Messages = currentMessages()): string {
  return t.conversations.states[state ?? "init"];
}

export function stateDot(state: AgentState | null): string {
  switch (state) {
    case "running":
    case "loading":
    case "user_confirmed":
    case "user_rejected":
      return "bg-accent breathe";
    case "finished":
      return "bg-good";
    case "awaiting_user_input":
    case "awaiting_user_confirmation":
    case "paused":
      return "bg-warn";
    case "error":
    case "rejected":
      return "bg-bad";
    case "stopped":
    case "init":
    case null:
      return "bg-strong";
  }
}

export function isActive(state: AgentState | null): boolean {
  return state === "running" || state === "loading" || state === "user_confirmed" || state === "user_rejected";
}

export interface Activity {
  readonly label: string;
  /** A command or a path, shown as code. */
  readonly target?: string;
  /** A sentence beside the label. */
  readonly detail?: string;
  /** When it started, in milliseconds since 1970. */
  readonly sinceMs?: number;
}

/** The most specific description of what is happening. */
export function activityOf({ state, events, streaming }: ViewState, t: Messages): Activity {
  const { activity, limitReached } = t.composer;
  if (!isActive(state.agentState)) {
    if (state.atLimit !== null) return { label: limitReached[state.atLimit] };
    return { label: stateLabel(state.agentState, t), ...(state.reason === "" ? {} : { detail: state.reason }) };
  }
  const action = state.open[0];
  const stage = streaming.get("runtime");
  if (stage !== undefined && action !== undefined) return { label: t.composer.waitingForSandbox(stage) };
  if (action !== undefined) {
    const sinceMs = Date.parse(action.timestamp);
    switch (action.action) {
      case "run":
        return { label: activity.running, target: action.args.command, sinceMs };
      case "read":
        return { label: activity.reading, target: action.args.path, sinceMs };
      case "write":
        return { label: activity.writing, target: action.args.path, sinceMs };
      case "edit":
        return { label: activity.editing, target: action.args.path, sinceMs };
      case "browse":
        return { label: activity.opening, target: action.args.url, sinceMs };
      case "search":
        return { label: activity.searching, target: action.args.pattern, sinceMs };
      case "delegate":
        return { label: activity.delegating, target: action.args.agent, sinceMs };
      case "call_tool":
        return { label: activity.calling, target: `${action.args.server}: ${action.args.name}`, sinceMs };
      default:
        return { label: action.message || action.action, sinceMs };
    }
  }
  if ((streaming.get("reply") ?? "") !== "") return { label: activity.replying };
  if ((streaming.get("reasoning") ?? "") !== "") return { label: activity.thinking };
  const last = events.at(-1);
  if (last !== undefined && !isAction(last) && last.observation === "status") {
    const { attempt } = last.extras;
    return {
      label: attempt === undefined ? activity.waitingForModel : t.composer.retrying(attempt),
      detail: last.content,
    };
  }
  if (state.agentState === "loading") return { label: activity.starting };
  return { label: activity.waitingForModel, ...(last === undefined ? {} : { sinceMs: Date.parse(last.timestamp) }) };
}
