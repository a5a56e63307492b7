/**
 * State is a fold: `state = events.reduce(apply, emptyState)`. Server, client and UI share this one function, so
 * resume, replay and what people see cannot differ. Unknown kinds move `head` and change nothing else.
 */
import { excerpt, firstLine } from "../text/excerpt.ts";
import { isLimitCode } from "../wire/errors.ts";
import { isAction, type Action, type Event, type Observation } from "../wire/event.ts";
import type { ObservationExtras } from "../wire/observations.ts";
import { isWorking, type AgentState } from "../wire/states.ts";
import { applyAllowedHost, applyAnswer } from "./approvals.ts";
import { applyChildReport, applyParent } from "./children.ts";
import { trackFiles } from "./files.ts";
import { withInstructions } from "./instructions.ts";
import { withJob, withTerminal } from "./processes.ts";
import { isRunnable } from "./runnable.ts";
import { applySettings, raiseLimit } from "./settings.ts";
import { emptyState, type ConversationState } from "./state.ts";
import { addUsage, applyReply } from "./usage.ts";

export function apply(state: ConversationState, event: Event): ConversationState {
  const next = { ...state, head: event.id, fileChanges: trackFiles(state.fileChanges, event) };
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
      return applyCompaction(next, event);
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
      // The model planned its further calls on the assumption that this one would run.
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
    case "instructions":
      return { ...next, instructions: withInstructions(next.instructions, event.extras.files) };
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
    case "checkpoint":
      return { ...next, checkpoint: { tree: event.extras.tree, after: event.extras.after } };
    case "error":
      // The model's further calls wait until it knows that the outcome is unknown.
      if (event.extras.code === "outcome_unknown" && event.tool_call !== undefined)
        return { ...next, pendingCalls: [] };
      return isLimitCode(event.extras.code) ? { ...next, atLimit: event.extras.code } : next;
    default:
      return next;
  }
}

function applyCompaction(state: ConversationState, { args }: Action<"compact">): ConversationState {
  const next = args.usage === undefined ? state : addUsage(state, args.usage, args.cost_usd ?? null);
  return args.how === "summary" ? { ...next, toolsStale: true } : next;
}

function applyAgentState(
  state: ConversationState,
  { agent_state: agentState, reason = "" }: ObservationExtras<"agent_state_changed">,
  atMs: number,
): ConversationState {
  const { turn } = state;
  const isRunning = isWorking(agentState);
  const activeMs = turn.runningSince === null ? turn.activeMs : turn.activeMs + (atMs - turn.runningSince);
  return {
    ...state,
    agentState,
    reason,
    turn: { ...turn, activeMs, runningSince: isRunning ? atMs : null },
    atLimit: isRunning ? null : state.atLimit,
    pendingCalls: agentState === "stopped" || agentState === "error" ? [] : state.pendingCalls,
    approved: dropsApproved.has(agentState) ? null : state.approved,
  };
}

/** A turn that ended in one of these states does not run the approved action later. */
const dropsApproved: ReadonlySet<AgentState> = new Set(["stopped", "error", "finished", "rejected"]);

function queueMessage(
  state: ConversationState,
  id: number,
  content: string,
  imageUrls: readonly string[],
): ConversationState {
  return {
    ...state,
    title: state.title || firstLine(content),
    queued: [...state.queued, { id, content, imageUrls }],
  };
}

function withoutPendingCall(state: ConversationState, id: string): ConversationState {
  return { ...state, pendingCalls: state.pendingCalls.filter((call) => call.id !== id) };
}
