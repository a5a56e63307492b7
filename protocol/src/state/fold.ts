/**
 * State is a fold: `state = events.reduce(apply, empty)`. Server, client and UI use this one function, so that resume,
 * replay and what a person sees cannot differ. Unknown kinds move `head` and nothing else.
 */
import { isRunnable } from "../wire/actions.ts";
import { isAction, type Action, type Event, type Observation } from "../wire/event.ts";
import { excerpt } from "./waiting.ts";
import { applyAgentState } from "./agent-state.ts";
import { applyAllowedHost, applyAnswer } from "./approvals.ts";
import { applyParent, applyChildReport } from "./children.ts";
import { trackFiles } from "./files.ts";
import { withJob, withTerminal } from "./processes.ts";
import { withInstructions } from "./instructions.ts";
import { raiseLimit, applySettings } from "./settings.ts";
import { queueMessage } from "./queue.ts";
import { applyReply, addUsage } from "./usage.ts";
import { emptyState, type ConversationState, type LimitCode } from "./state.ts";

export function apply(state: ConversationState, event: Event): ConversationState {
  const next: ConversationState = { ...state, head: event.id, fileChanges: trackFiles(state.fileChanges, event) };
  return isAction(event) ? applyAction(next, event) : applyObservation(next, event);
}

export function fold(events: Iterable<Event>, from: ConversationState = emptyState): ConversationState {
  let state = from;
  for (const event of events) state = apply(state, event);
  return state;
}

function applyAction(state: ConversationState, event: Action): ConversationState {
  const next = event.tool_call === undefined ? state : withoutPendingCall(state, event.tool_call.id);
  switch (event.action) {
    case "initialize":
      return { ...applyParent(applySettings(next, event.args), event.args.parent), toolsStale: true };
    case "start":
      return event.source === "user" ? queueMessage(next, event.id, event.args.task, []) : next;
    case "message":
      return event.source === "user"
        ? queueMessage(next, event.id, event.args.content, event.args.image_urls ?? [])
        : { ...next, lastMessage: excerpt(event.args.content) };
    case "finish":
      return event.source === "agent" ? { ...next, lastMessage: excerpt(event.args.thought) } : next;
    case "change_agent_state":
      return event.args.agent_state === "running" ? raiseLimit({ ...next, autoResumes: 0 }) : next;
    case "approve":
      return applyAnswer(next, event);
    case "allow_host":
      return applyAllowedHost(next, event.args);
    case "compact":
      return compacted(next, event);
    default:
      if (!isRunnable(event.action)) return next;
      return {
        ...next,
        open: [...next.open, event],
        awaiting: event.approval === undefined ? next.awaiting : { id: event.id, ...event.approval },
      };
  }
}

function applyObservation(state: ConversationState, event: Observation): ConversationState {
  let next = event.tool_call === undefined ? state : withoutPendingCall(state, event.tool_call.id);
  if (event.cause !== undefined && next.open.some((action) => action.id === event.cause)) {
    next = {
      ...next,
      open: next.open.filter((action) => action.id !== event.cause),
      awaiting: next.awaiting?.id === event.cause ? null : next.awaiting,
      approved: next.approved === event.cause ? null : next.approved,
    };
  }
  switch (event.observation) {
    case "agent_state_changed":
      next = applyAgentState(next, event.extras, Date.parse(event.timestamp));
      return event.extras.resumed === undefined ? next : { ...next, autoResumes: event.extras.resumed };
    case "chat":
      return {
        ...next,
        queued: next.queued.filter((message) => message.id !== event.cause),
        turn: { ...next.turn, steps: 0, activeMs: 0, runningSince: Date.parse(event.timestamp) },
        limitRaises: { ...next.limitRaises, turn: 0 },
        autoResumes: 0,
        blockedFinishes: 0,
        pendingCalls: [],
      };
    case "reply":
      return { ...applyReply(next, event), toolsStale: false };
    case "hook":
      return event.extras.event === "stop" && event.extras.blocks
        ? { ...next, blockedFinishes: next.blockedFinishes + 1 }
        : next;
    case "tools":
      return { ...next, tools: event.id, toolsStale: false };
    case "user_rejected":
      // What the model planned after it is not done without it.
      return { ...next, pendingCalls: [] };
    case "title":
      return {
        ...addUsage(next, event.extras.usage, event.extras.cost_usd),
        title: event.content || next.title,
        titleRequested: true,
      };
    case "run":
    case "job":
      return event.extras.job === undefined ? next : withJob(next, event, event.extras.job);
    case "child":
      return applyChildReport(next, event.extras, Date.parse(event.timestamp));
    case "terminal":
      return withTerminal(next, event.extras.terminal, event.timestamp);
    case "knowledge":
      return { ...next, instructions: withInstructions(next.instructions, event.extras.pieces) };
    case "imported":
      return {
        ...next,
        settings: {},
        limitRaises: emptyState.limitRaises,
        rules: emptyState.rules,
        allowedHosts: [],
        checkpoint: null,
        parent: null,
        children: [],
        tools: null,
        toolsStale: true,
      };
    case "snapshot":
      return { ...next, checkpoint: { tree: event.extras.tree, after: event.extras.after } };
    case "error":
      // What the model planned after it is not done before it knows.
      if (event.extras.code === "outcome_unknown" && event.tool_call !== undefined)
        return { ...next, pendingCalls: [] };
      return event.extras.code.startsWith("limit_") ? { ...next, atLimit: event.extras.code as LimitCode } : next;
    default:
      return next;
  }
}

function compacted(state: ConversationState, { args }: Action<"compact">): ConversationState {
  const next = args.usage === undefined ? state : addUsage(state, args.usage, args.cost_usd ?? null);
  return args.how === "summary" ? { ...next, toolsStale: true } : next;
}

function withoutPendingCall(state: ConversationState, id: string): ConversationState {
  return { ...state, pendingCalls: state.pendingCalls.filter((call) => call.id !== id) };
}
