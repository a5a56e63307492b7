/**
 * Decides what a client's action means for the conversation: the events to store for it, all at once, and what to do
 * afterwards. Pure: it reads the state; `conversation.ts` applies the decision.
 */
import { isAbsolute, relative, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  action,
  actionArgs,
  DeckhandError,
  errorObservation,
  isWorking,
  isRunnable,
  stateChange,
  type ActionKind,
  type AgentState,
  type ApprovalRule,
  type ConversationState,
  type NewAction,
  type NewEvent,
  type WorkspaceChoice,
} from "@deckhand/protocol";
import type { Tool } from "../tools/tool.ts";
import { parseRule } from "../runtime/network/policy/rules.ts";
import { answerEvents, confirmationEvents, withdrawalEvents } from "./approvals/answer.ts";
import { workingSentence } from "./history/restore.ts";

export interface Decision {
  readonly events: (firstId: number) => readonly NewEvent[];
  /** The index of the client's action among the events. */
  readonly actionIndex: number;
  /** The last event is an action of the client that runs now, alongside the agent's. */
  readonly runs?: { readonly event: NewAction; readonly tool: Tool };
  /** Rules that apply to every conversation from now on. */
  readonly savesRules?: readonly ApprovalRule[];
  /** Ends the turn and everything else that runs. */
  readonly stops?: true;
  /** Ends background processes and terminals, too. */
  readonly endsJobs?: true;
}

export interface DecisionContext {
  readonly command: string | undefined;
  readonly knowsAgent: (name: string) => boolean;
  /** The workspace folder for that choice. */
  readonly rootOf: (choice: WorkspaceChoice | undefined) => string;
  /** The workspace exists, so it can no longer be changed. */
  readonly isWorkspaceReady: boolean;
  readonly tools: ReadonlyMap<ActionKind, Tool>;
}

/** Fails with `unknown_kind`, `bad_args`, `unknown_agent`, `conflict`; then there is nothing to store. */
export function decide(kind: string, args: unknown, state: ConversationState, context: DecisionContext): Decision {
  if (!Object.hasOwn(actionArgs, kind)) throw new DeckhandError("unknown_kind", `Unknown action: ${kind}.`);
  const event = parse(kind as ActionKind, args, context.command);
  if (event.action === "initialize") return initialize(event, state, context);

  // Any first action initialises the conversation with the defaults.
  const begin = state.agentState === null ? initialize(action("user", "initialize", {}), state, context) : null;
  const before = begin?.events(0) ?? [];
  const agentState = begin === null ? state.agentState : "init";
  const rest = act(event, agentState, state, context);
  return {
    ...rest,
    actionIndex: before.length,
    events: (firstId) => [...before, ...rest.events(firstId + before.length)],
  };
}

function act(
  event: NewAction,
  agentState: AgentState | null,
  state: ConversationState,
  context: DecisionContext,
): Decision {
  if (event.action === "restore" && isWorking(agentState)) throw new DeckhandError("busy", workingSentence);
  const tool = context.tools.get(event.action);
  if (isRunnable(event.action) && tool !== undefined)
    return { events: () => [event], actionIndex: 0, runs: { event, tool } };
  if (isRunnable(event.action)) {
    const sentence = `Action ${event.action} is not supported in the current runtime.`;
    return {
      events: (id) => [event, errorObservation("user", "not_available", sentence, { cause: id })],
      actionIndex: 0,
    };
  }
  switch (event.action) {
    case "start":
    case "message":
      // A message is not an answer: the agent sees it once the pending approval has one.
      if (state.awaiting !== null) return { events: () => [event], actionIndex: 0 };
      return {
        events: () => [event, ...(isWorking(agentState) ? [] : changeTo("running", agentState))],
        actionIndex: 0,
      };
    case "finish": {
      // Evidence of what commands showed is added by the server; clients cannot claim it.
      const { outputs, thought } = event.args;
      return ends({ ...event, args: { outputs, thought } }, "finished", agentState, state);
    }
    case "reject":
      return ends(event, "rejected", agentState, state);
    case "approve": {
      const { events, savesRules: remembers } = answerEvents(event, state);
      return { events: () => events, actionIndex: 0, ...(remembers === undefined ? {} : { savesRules: remembers }) };
    }
    case "allow_host": {
      const decided = allowedHost(event, state);
      return { events: () => [decided], actionIndex: 0 };
    }
    case "change_agent_state":
      return changeState(event, agentState, state);
    case "compact":
      throw new DeckhandError("bad_args", "Clients cannot compact a conversation; the agent does that itself.");
    default:
      // A thought, or a plan of OpenHands 0.9–0.14: stored without effect.
      return { events: () => [event], actionIndex: 0 };
  }
}

/** Far more than a person allows by hand. */
const maxHosts = 100;

function allowedHost(event: NewAction<"allow_host">, { allowedHosts }: ConversationState): NewEvent {
  const host = parseRule(event.args.host)?.text;
  if (host === undefined) throw new DeckhandError("bad_args", `"${event.args.host}" is not a host name or address.`);
  const { allowed } = event.args;
  if (allowed === allowedHosts.includes(host)) {
    throw new DeckhandError(
      "already_done",
      `${host} is already ${allowed ? "allowed" : "not allowed"} in this conversation.`,
    );
  }
  if (allowed && allowedHosts.length >= maxHosts) {
    throw new DeckhandError("limit_exceeded", `A conversation can have at most ${maxHosts} allowed hosts.`);
  }
  return action("user", "allow_host", { host, allowed }, { command: event.command });
}

function ends(event: NewAction, wanted: AgentState, agentState: AgentState | null, state: ConversationState): Decision {
  const events = [event, ...withdrawalEvents(state), ...changeTo(wanted, agentState)];
  return { events: () => events, actionIndex: 0, stops: true };
}

function changeState(
  event: NewAction<"change_agent_state">,
  agentState: AgentState | null,
  state: ConversationState,
): Decision {
  const wanted = event.args.agent_state;
  switch (wanted) {
    case "user_confirmed":
    case "user_rejected": {
      const events = confirmationEvents(wanted, event.command, state);
      return { events: () => events, actionIndex: 0 };
    }
    case "stopped": {
      const ending = ends(event, wanted, agentState, state);
      return event.args.jobs === true ? { ...ending, endsJobs: true } : ending;
    }
    case "paused":
    case "running":
      if (state.awaiting !== null) {
        throw new DeckhandError(
          "conflict",
          `Action ${state.awaiting.id} waits for an approval: allow or deny it, or stop.`,
        );
      }
      if (wanted === "running" && isWorking(agentState)) return { events: () => [event], actionIndex: 0 };
      return { events: () => [event, ...changeTo(wanted, agentState)], actionIndex: 0 };
  }
}

/** States that a conversation returns to after it was initialised again. */
const restingStates: readonly (AgentState | null)[] = [
  "running",
  "user_confirmed",
  "paused",
  "awaiting_user_input",
  "awaiting_user_confirmation",
  "finished",
];

function initialize(event: NewAction<"initialize">, state: ConversationState, context: DecisionContext): Decision {
  // Only the server may set the parent.
  const { parent: _, ...settings } = event.args;
  const { agent_cls: agent } = settings;
  if (agent !== undefined && !context.knowsAgent(agent)) {
    throw new DeckhandError("unknown_agent", `There is no agent ${agent}.`);
  }
  const choice = settings.workspace ?? state.settings.workspace;
  if (state.agentState !== null && context.isWorkspaceReady && !isDeepStrictEqual(choice, state.settings.workspace)) {
    throw new DeckhandError("conflict", "A conversation stays in its workspace; begin another one, or fork it.");
  }
  if (settings.directory !== undefined) {
    settings.directory = insideWorkspace(settings.directory, context.rootOf(choice));
  }
  const changesDirectory = settings.directory !== undefined && settings.directory !== state.settings.directory;
  if (state.awaiting !== null && changesDirectory) {
    throw new DeckhandError("conflict", `Action ${state.awaiting.id} waits for an approval in the directory as it is.`);
  }
  const restored = restingStates.includes(state.agentState) ? changeTo(state.agentState as AgentState, "init") : [];
  return {
    events: () => [{ ...event, args: settings }, stateChange("loading"), stateChange("init"), ...restored],
    actionIndex: 0,
  };
}

/** A state that is already current is not announced again. */
function changeTo(wanted: AgentState, now: AgentState | null): NewEvent[] {
  return wanted === now ? [] : [stateChange(wanted)];
}

function insideWorkspace(directory: string, workspace: string): string {
  const wanted = resolve(workspace, directory);
  const path = relative(workspace, wanted);
  if (path === ".." || path.startsWith("../") || isAbsolute(path)) {
    throw new DeckhandError("bad_args", `The directory must be inside ${workspace}.`);
  }
  return wanted;
}

function parse(kind: ActionKind, args: unknown, command: string | undefined): NewAction {
  const parsed = actionArgs[kind].safeParse(args ?? {});
  if (parsed.success) return action("user", kind, parsed.data as never, { command });
  if (kind === "start") throw new DeckhandError("bad_args", "No task specified");
  const issues = parsed.error.issues.map((issue) => `${issue.path.join(".") || "args"}: ${issue.message}`);
  throw new DeckhandError("bad_args", `Invalid arguments for ${kind}: ${issues.join("; ")}`);
}
