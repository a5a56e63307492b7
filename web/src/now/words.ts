/** What is happening now, in words. */
import type { ViewSnapshot } from "@deckhand/client";
import { isAction, type AgentState } from "@deckhand/protocol";

export function stateWords(state: AgentState | null): string {
  switch (state) {
    case null:
    case "init":
      return "Ready";
    case "loading":
      return "Starting";
    case "running":
    case "user_confirmed":
    case "user_rejected":
      return "Working";
    case "awaiting_user_input":
      return "Waiting for you";
    case "awaiting_user_confirmation":
      return "Waiting for approval";
    case "paused":
      return "Paused";
    case "stopped":
      return "Stopped";
    case "finished":
      return "Finished";
    case "rejected":
      return "Rejected";
    case "error":
      return "Failed";
  }
}

export function stateDot(state: AgentState | null): string {
  switch (state) {
    case "running":
    case "loading":
    case "user_confirmed":
    case "user_rejected":
      return "bg-accent animate-pulse";
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
      return "bg-muted";
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
export function nowOf({ state, events, streaming }: ViewSnapshot): Now {
  if (!isWorking(state.agentState)) {
    if (state.atLimit !== null) return { words: `Paused at its limit on ${state.atLimit.slice("limit_".length)}` };
    return { words: stateWords(state.agentState), ...(state.reason === "" ? {} : { why: state.reason }) };
  }
  const action = state.open[0];
  const stage = streaming.get("runtime");
  if (stage !== undefined && action !== undefined) return { words: `Waiting for the sandbox: ${stage}` };
  if (action !== undefined) {
    const since = Date.parse(action.timestamp);
    switch (action.action) {
      case "run":
        return { words: "Running", what: action.args.command, since };
      case "job":
        return { words: action.message, since };
      case "read":
        return { words: "Reading", what: action.args.path, since };
      case "write":
        return { words: "Writing", what: action.args.path, since };
      case "edit":
        return { words: "Editing", what: action.args.path, since };
      case "browse":
        return { words: "Fetching", what: action.args.url, since };
      case "search":
        return { words: "Searching for", what: action.args.pattern, since };
      default:
        return { words: action.message || action.action, since };
    }
  }
  if ((streaming.get("reply") ?? "") !== "") return { words: "Replying" };
  if ((streaming.get("reasoning") ?? "") !== "") return { words: "Thinking" };
  const last = events.at(-1);
  if (last !== undefined && !isAction(last) && last.observation === "status") return { words: last.content };
  if (state.agentState === "loading") return { words: "Starting" };
  return { words: "Waiting for the model", ...(last === undefined ? {} : { since: Date.parse(last.timestamp) }) };
}
