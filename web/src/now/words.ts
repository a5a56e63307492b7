/** What is happening now, in words. */
import type { ViewState } from "@deckhand/client";
import { isAction, type AgentState } from "@deckhand/protocol";
import { currentMessages, type Messages } from "../i18n/i18n.ts";

export function stateWords(state: AgentState | null, t: Messages = currentMessages()): string {
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

export function isWorking(state: AgentState | null): boolean {
  return state === "running" || state === "loading" || state === "user_confirmed" || state === "user_rejected";
}

export interface Now {
  readonly words: string;
  /** A command or a path, shown as code. */
  readonly what?: string;
  /** A sentence beside the words. */
  readonly why?: string;
  /** Since when, as milliseconds since 1970. */
  readonly since?: number;
}

/** The most exact thing that can be said of this moment. */
export function nowOf({ state, events, streaming }: ViewState, t: Messages): Now {
  const { activity, limitReached } = t.composer;
  if (!isWorking(state.agentState)) {
    if (state.atLimit !== null) return { words: limitReached[state.atLimit] };
    return { words: stateWords(state.agentState, t), ...(state.reason === "" ? {} : { why: state.reason }) };
  }
  const action = state.open[0];
  const stage = streaming.get("runtime");
  if (stage !== undefined && action !== undefined) return { words: t.composer.waitingForSandbox(stage) };
  if (action !== undefined) {
    const since = Date.parse(action.timestamp);
    switch (action.action) {
      case "run":
        return { words: activity.running, what: action.args.command, since };
      case "read":
        return { words: activity.reading, what: action.args.path, since };
      case "write":
        return { words: activity.writing, what: action.args.path, since };
      case "edit":
        return { words: activity.editing, what: action.args.path, since };
      case "browse":
        return { words: activity.opening, what: action.args.url, since };
      case "search":
        return { words: activity.searching, what: action.args.pattern, since };
      case "delegate":
        return { words: activity.delegating, what: action.args.agent, since };
      case "call_tool":
        return { words: activity.calling, what: `${action.args.server}: ${action.args.name}`, since };
      default:
        return { words: action.message || action.action, since };
    }
  }
  if ((streaming.get("reply") ?? "") !== "") return { words: activity.replying };
  if ((streaming.get("reasoning") ?? "") !== "") return { words: activity.thinking };
  const last = events.at(-1);
  if (last !== undefined && !isAction(last) && last.observation === "status") {
    const { attempt } = last.extras;
    return {
      words: attempt === undefined ? activity.waitingForModel : t.composer.retrying(attempt),
      why: last.content,
    };
  }
  if (state.agentState === "loading") return { words: activity.starting };
  return { words: activity.waitingForModel, ...(last === undefined ? {} : { since: Date.parse(last.timestamp) }) };
}
