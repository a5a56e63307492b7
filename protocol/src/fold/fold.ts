/**
 * State is a fold: `state = events.reduce(apply, empty)`. Server, client and UI use this one function, so that resume,
 * replay and what a person sees cannot differ. Unknown kinds move `head` and nothing else.
 */
import { isRunnable } from "../actions.ts";
import { isAction, type Action, type Event, type Observation } from "../event.ts";
import { beginning } from "../waiting.ts";
import { changeState } from "./agent-state.ts";
import { allowHost, answer } from "./answers.ts";
import { takeParent, withChild } from "./children.ts";
import { seeFiles } from "./files.ts";
import { withJob, withTerminal } from "./jobs.ts";
import { learned } from "./knowledge.ts";
import { raise, takeSettings } from "./limits.ts";
import { queueMessage } from "./queue.ts";
import { applyReply, spend } from "./spending.ts";
import { empty, type ConversationState, type LimitCode } from "./state.ts";

export function apply(state: ConversationState, event: Event): ConversationState {
  const next = { ...state, head: event.id, files: seeFiles(state.files, event) };
  return isAction(event) ? applyAction(next, event) : applyObservation(next, event);
}

export function fold(events: Iterable<Event>, from: ConversationState = empty): ConversationState {
  let state = from;
  for (const event of events) state = apply(state, event);
  return state;
}

function applyAction(state: ConversationState, event: Action): ConversationState {
  const next = event.tool_call === undefined ? state : withoutPendingCall(state, event.tool_call.id);
  switch (event.action) {
    case "initialize":
      return { ...takeParent(takeSettings(next, event.args), event.args.parent), toolsDue: true };
    case "start":
      return event.source === "user" ? queueMessage(next, event.id, event.args.task, []) : next;
    case "message":
      return event.source === "user"
        ? queueMessage(next, event.id, event.args.content, event.args.image_urls ?? [])
        : { ...next, said: beginning(event.args.content) };
    case "finish":
      return event.source === "agent" ? { ...next, said: beginning(event.args.thought) } : next;
    case "change_agent_state":
      return event.args.agent_state === "running" ? raise({ ...next, resumed: 0 }) : next;
    case "approve":
      return answer(next, event);
    case "allow_host":
      return allowHost(next, event.args);
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
      next = changeState(next, event.extras, Date.parse(event.timestamp));
      return event.extras.resumed === undefined ? next : { ...next, resumed: event.extras.resumed };
    case "chat":
      return {
        ...next,
        queued: next.queued.filter((message) => message.id !== event.cause),
        turn: { ...next.turn, steps: 0, activeMs: 0, runningSince: Date.parse(event.timestamp) },
        raised: { ...next.raised, turn: 0 },
        resumed: 0,
        sentBack: 0,
        pendingCalls: [],
      };
    case "reply":
      return { ...applyReply(next, event), toolsDue: false };
    case "hook":
      return event.extras.event === "stop" && event.extras.blocks ? { ...next, sentBack: next.sentBack + 1 } : next;
    case "tools":
      return { ...next, tools: event.id, toolsDue: false };
    case "user_rejected":
      // What the model planned after it is not done without it.
      return { ...next, pendingCalls: [] };
    case "title":
      return {
        ...spend(next, event.extras.usage, event.extras.cost_usd),
        title: event.content || next.title,
        titled: true,
      };
    case "run":
    case "job":
      return event.extras.job === undefined ? next : withJob(next, event, event.extras.job);
    case "child":
      return withChild(next, event.extras, Date.parse(event.timestamp));
    case "terminal":
      return withTerminal(next, event.extras.terminal, event.timestamp);
    case "knowledge":
      return { ...next, knowledge: learned(next.knowledge, event.extras.pieces) };
    case "imported":
      return {
        ...next,
        settings: {},
        raised: empty.raised,
        rules: empty.rules,
        allowedHosts: [],
        snapshot: null,
        parent: null,
        children: [],
        tools: null,
        toolsDue: true,
      };
    case "snapshot":
      return { ...next, snapshot: { tree: event.extras.tree, after: event.extras.after } };
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
  const next = args.usage === undefined ? state : spend(state, args.usage, args.cost_usd ?? null);
  return args.how === "summary" ? { ...next, toolsDue: true } : next;
}

function withoutPendingCall(state: ConversationState, id: string): ConversationState {
  return { ...state, pendingCalls: state.pendingCalls.filter((call) => call.id !== id) };
}
