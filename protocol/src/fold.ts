/**
 * State is a fold: `state = events.reduce(apply, empty)`. Server, client and UI use this one function, so that resume,
 * replay and what a person sees cannot differ. Unknown kinds move `head` and nothing else.
 */
import { isRunnable, type ActionArgs, type ApprovalAsked, type ApprovalRule, type Settings } from "./actions.ts";
import type { ErrorCode } from "./errors.ts";
import { isAction, type Action, type Event, type Observation, type Source } from "./event.ts";
import type { JobState, KnowledgePiece, ObservationExtras, ReplyPart } from "./observations.ts";
import { isAtWork, type AgentState } from "./states.ts";
import type { Usage } from "./usage.ts";

export type LimitCode = Extract<ErrorCode, `limit_${string}`>;

/** A message of the user that the agent has not taken in yet. */
export interface QueuedMessage {
  readonly id: number;
  readonly content: string;
  readonly imageUrls: readonly string[];
}

/** A call in the model's last reply that has neither become an action nor been refused. */
export type PendingCall = Extract<ReplyPart, { type: "call" }> & { readonly reply: number };

/** A command that goes on beside the shell. */
export interface RunningJob {
  readonly id: string;
  readonly command: string;
  /** ISO 8601, when it was first told of. */
  readonly since: string;
}

/** An answer to the question whether an action may run. */
export interface ApprovalAnswer {
  readonly id: number;
  readonly decision: ActionArgs<"approve">["decision"];
  /** `environment`: nobody answered in time. */
  readonly by: Source;
}

export interface ConversationState {
  /** Id of the last event; -1 for an empty log. */
  readonly head: number;
  /** Null until `initialize` (or the first task). */
  readonly agentState: AgentState | null;
  readonly settings: Settings;
  /** The first task, on one line, or what a model made of it. */
  readonly title: string;
  /** A model was asked for a title. */
  readonly titled: boolean;
  readonly queued: readonly QueuedMessage[];
  /** Actions that do something and have no observation yet, oldest first. */
  readonly open: readonly Action[];
  readonly pendingCalls: readonly PendingCall[];
  readonly usage: Usage & { readonly steps: number; readonly costUsd: number; readonly unpricedSteps: number };
  /** From a user's message to rest; what the limits on steps and time count. */
  readonly turn: { readonly steps: number; readonly activeMs: number; readonly runningSince: number | null };
  /** How often a person let it go on past a limit; each time raises that limit by its first value. */
  readonly raised: Readonly<Record<"turn" | "cost" | "tokens", number>>;
  /** How often it went on by itself after a crash since a person's last word. */
  readonly resumed: number;
  /** Why it is in its state, as a sentence; empty where that is plain. */
  readonly reason: string;
  /** The limit at which it rests now. */
  readonly atLimit: LimitCode | null;
  /** The one action that waits for a person's approval. */
  readonly awaiting: ({ readonly id: number } & ApprovalAsked) | null;
  /** Id of an action that was approved and has no observation yet. */
  readonly approved: number | null;
  readonly lastAnswer: ApprovalAnswer | null;
  /** Of the conversation; those of the server are not in its log. */
  readonly rules: readonly ApprovalRule[];
  /** Oldest first. */
  readonly jobs: readonly RunningJob[];
  /** What a person lets commands reach, as rules of the network. */
  readonly allowedHosts: readonly string[];
  /** The last snapshot of the workspace. */
  readonly snapshot: { readonly tree: string; readonly after: number } | null;
  /** What the workspace says and the model was told. */
  readonly knowledge: readonly KnowledgePiece[];
}

export const empty: ConversationState = {
  head: -1,
  agentState: null,
  settings: {},
  title: "",
  titled: false,
  queued: [],
  open: [],
  pendingCalls: [],
  usage: {
    steps: 0,
    costUsd: 0,
    unpricedSteps: 0,
    input: 0,
    output: 0,
    cached_input: 0,
    cache_write: 0,
    reasoning: 0,
  },
  turn: { steps: 0, activeMs: 0, runningSince: null },
  raised: { turn: 0, cost: 0, tokens: 0 },
  resumed: 0,
  reason: "",
  atLimit: null,
  awaiting: null,
  approved: null,
  lastAnswer: null,
  rules: [],
  jobs: [],
  allowedHosts: [],
  snapshot: null,
  knowledge: [],
};

export function apply(state: ConversationState, event: Event): ConversationState {
  const next = { ...state, head: event.id };
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
      return takeSettings(next, event.args);
    case "start":
      return event.source === "user" ? queueMessage(next, event.id, event.args.task, []) : next;
    case "message":
      return event.source === "user"
        ? queueMessage(next, event.id, event.args.content, event.args.image_urls ?? [])
        : next;
    case "change_agent_state":
      return event.args.agent_state === "running" ? raise({ ...next, resumed: 0 }) : next;
    case "approve":
      return answer(next, event);
    case "allow_host":
      return allowHost(next, event.args);
    case "compact":
      return event.args.usage === undefined ? next : spend(next, event.args.usage, event.args.cost_usd ?? null);
    default:
      if (!isRunnable(event.action)) return next;
      return {
        ...next,
        open: [...next.open, event],
        awaiting: event.approval === undefined ? next.awaiting : { id: event.id, ...event.approval },
      };
  }
}

function answer(state: ConversationState, { args, source }: Action<"approve">): ConversationState {
  const { id, decision, rules = [] } = args;
  if (state.awaiting?.id !== id) return state;
  const known = new Set(state.rules.map((rule) => JSON.stringify([rule.action, rule.pattern])));
  const added = rules.filter((rule) => !known.has(JSON.stringify([rule.action, rule.pattern])));
  return {
    ...state,
    awaiting: null,
    approved: decision === "deny" ? state.approved : id,
    lastAnswer: { id, decision, by: source },
    rules: decision === "allow_for_conversation" ? [...state.rules, ...added] : state.rules,
  };
}

function allowHost(state: ConversationState, { host, allowed }: Action<"allow_host">["args"]): ConversationState {
  const others = state.allowedHosts.filter((each) => each !== host);
  return { ...state, allowedHosts: allowed ? [...others, host] : others };
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
        pendingCalls: [],
      };
    case "reply":
      return applyReply(next, event);
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
    case "knowledge":
      return { ...next, knowledge: learned(next.knowledge, event.extras.pieces) };
    case "imported":
      return { ...next, settings: {}, raised: empty.raised, rules: empty.rules, allowedHosts: [], snapshot: null };
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

function withJob(
  state: ConversationState,
  { extras, timestamp }: Observation<"run" | "job">,
  job: JobState,
): ConversationState {
  const known = state.jobs.some(({ id }) => id === job.id);
  if (job.state === "ended") return known ? { ...state, jobs: state.jobs.filter(({ id }) => id !== job.id) } : state;
  return known ? state : { ...state, jobs: [...state.jobs, { id: job.id, command: extras.command, since: timestamp }] };
}

/** Microagents come one by one; all else is told anew as a whole. */
function learned(known: readonly KnowledgePiece[], pieces: readonly KnowledgePiece[]): readonly KnowledgePiece[] {
  const isMicroagent = ({ kind }: KnowledgePiece): boolean => kind === "microagent";
  const paths = new Set(pieces.map(({ path }) => path));
  if (pieces.length > 0 && pieces.every(isMicroagent))
    return [...known.filter(({ path }) => !paths.has(path)), ...pieces];
  return [...pieces, ...known.filter(isMicroagent)];
}

function applyReply(state: ConversationState, event: Observation<"reply">): ConversationState {
  const { usage, cost_usd: cost } = event.extras;
  const calls = event.extras.parts.filter((part) => part.type === "call");
  const spent = spend(state, usage, cost);
  return {
    ...spent,
    pendingCalls: calls.map((call) => ({ ...call, reply: event.id })),
    turn: { ...state.turn, steps: state.turn.steps + 1 },
    usage: {
      ...spent.usage,
      steps: state.usage.steps + 1,
      unpricedSteps: state.usage.unpricedSteps + (cost === null ? 1 : 0),
    },
  };
}

function spend(state: ConversationState, tokens: Usage, costUsd: number | null): ConversationState {
  return {
    ...state,
    usage: {
      ...state.usage,
      costUsd: state.usage.costUsd + (costUsd ?? 0),
      input: state.usage.input + tokens.input,
      output: state.usage.output + tokens.output,
      cached_input: state.usage.cached_input + tokens.cached_input,
      cache_write: state.usage.cache_write + tokens.cache_write,
      reasoning: state.usage.reasoning + tokens.reasoning,
    },
  };
}

function queueMessage(
  state: ConversationState,
  id: number,
  content: string,
  imageUrls: readonly string[],
): ConversationState {
  return {
    ...state,
    title: state.title || oneLine(content),
    queued: [...state.queued, { id, content, imageUrls }],
  };
}

function changeState(
  state: ConversationState,
  { agent_state: agentState, reason = "" }: ObservationExtras<"agent_state_changed">,
  atMs: number,
): ConversationState {
  const { turn } = state;
  const running = isAtWork(agentState);
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

/** What sets each limit, and what counts how often a person let it go on past it. */
const limitsBy = {
  limit_steps: { setting: "max_steps", raised: "turn" },
  limit_time: { setting: "max_seconds", raised: "turn" },
  limit_cost: { setting: "max_cost_usd", raised: "cost" },
  limit_tokens: { setting: "max_tokens", raised: "tokens" },
} as const satisfies Record<LimitCode, { setting: keyof Settings; raised: keyof ConversationState["raised"] }>;

function raise(state: ConversationState): ConversationState {
  if (state.atLimit === null) return state;
  const { raised: which } = limitsBy[state.atLimit];
  return { ...state, raised: { ...state.raised, [which]: state.raised[which] + 1 }, atLimit: null };
}

/** A limit that is set to another value is that value, however often it was raised before. */
function takeSettings(state: ConversationState, args: Settings): ConversationState {
  let { raised, atLimit } = state;
  for (const [code, by] of Object.entries(limitsBy)) {
    const wanted = args[by.setting];
    if (wanted === undefined || wanted === state.settings[by.setting]) continue;
    raised = { ...raised, [by.raised]: 0 };
    if (atLimit === code) atLimit = null;
  }
  return { ...state, settings: { ...state.settings, ...args }, raised, atLimit };
}

function withoutPendingCall(state: ConversationState, id: string): ConversationState {
  return { ...state, pendingCalls: state.pendingCalls.filter((call) => call.id !== id) };
}

function oneLine(text: string): string {
  const line = (text.trim().split("\n", 1)[0] ?? "").trimEnd();
  // Not half of a character that takes two code units.
  return line.length > 80 ? `${line.slice(0, 79).replace(/[\uD800-\uDBFF]$/, "")}…` : line;
}
