/**
 * A log, read as what a replay has to do: the inputs from outside (people, the model, a killed server), each with its place,
 * and the events that should follow from them. A place is the number of events before. Bookkeeping that need not recur is not
 * counted: titles, retries, checkpoints, tool lists, hooks, and compactions (the model replies as recorded, however long its
 * prompt is).
 */
import {
  isAction,
  isWorking,
  isRunnable,
  type Action,
  type AgentState,
  type ErrorCode,
  type Event,
  type Observation,
} from "@deckhand/protocol";

export type Input =
  | { readonly at: number; readonly type: "says"; readonly action: Action }
  /** A denial by a classic client (OpenHands 0.9–0.14), after which the agent waits for the user. */
  | { readonly at: number; readonly type: "says_no" }
  /** The server was killed, and the next one recovered. */
  | { readonly at: number; readonly type: "crash" }
  /** The server was shut down cleanly, and started again. */
  | { readonly at: number; readonly type: "restart" };

export type ModelTurn =
  | { readonly at: number; readonly type: "reply"; readonly event: Observation<"reply"> }
  | { readonly at: number; readonly type: "failure"; readonly code: ErrorCode; readonly message: string };

export interface Recording {
  readonly events: readonly Event[];
  readonly inputs: readonly Input[];
  readonly modelTurns: readonly ModelTurn[];
  /** The observation of the action at that place, with its own place. */
  readonly answerTo: (place: number) => { readonly at: number; readonly event: Observation } | undefined;
  /** Actions that were interrupted at that place or later, with how long they had run by then. */
  readonly cutOffAt: (place: number) => readonly { readonly at: number; readonly ranMs: number }[];
  /** Whether the approval of the action at that place timed out. */
  readonly expires: (place: number) => boolean;
  readonly endsAtWork: boolean;
  /** Whether the work was resumed automatically after a crash. */
  readonly resumes: boolean;
}

const notCounted: ReadonlySet<string> = new Set([
  "status",
  "title",
  "imported",
  "checkpoint",
  "terminal",
  "compact",
  "child",
  "tools",
  "hook",
]);

export function isCompared(event: Event): boolean {
  return !notCounted.has(isAction(event) ? event.action : event.observation);
}

export function recordingOf(log: readonly Event[]): Recording {
  const events = log.filter(isCompared);
  const positions = new Map(events.map((event, at) => [event.id, at]));
  const answers = new Map<number, { readonly at: number; readonly event: Observation }>();
  const expired = new Set<number>();
  for (const [at, event] of events.entries()) {
    if (isAction(event)) {
      const expiredAction =
        event.action === "approve" && event.source === "environment" ? positions.get(event.args.id) : undefined;
      if (expiredAction !== undefined) expired.add(expiredAction);
      continue;
    }
    const cause = event.cause === undefined ? undefined : positions.get(event.cause);
    const caused = cause === undefined ? undefined : events[cause];
    if (cause !== undefined && caused !== undefined && isAction(caused) && isRunnable(caused.action))
      answers.set(cause, { at, event });
  }
  return {
    events,
    inputs: inputsOf(events),
    modelTurns: events.flatMap(modelTurnsIn),
    answerTo: (place) => answers.get(place),
    cutOffAt: (place) =>
      [...answers]
        .filter(([at, answer]) => at < place && answer.at >= place && isCutOff(answer.event))
        .map(([at]) => ({ at, ranMs: timeOf(events[place]) - timeOf(events[at]) })),
    expires: (place) => expired.has(place),
    endsAtWork: isWorking(stateIn(events, events.length)),
    resumes: events.some((event) => isState(event) && event.extras.resumed !== undefined),
  };
}

/** Whether the action was interrupted. */
export function isCutOff(event: Observation): boolean {
  if (event.observation === "run") return event.extras.ended_by === "stop";
  return (
    event.observation === "error" && (event.extras.code === "outcome_unknown" || event.extras.code === "interrupted")
  );
}

function timeOf(event: Event | undefined): number {
  return Date.parse(event?.timestamp ?? "");
}

function modelTurnsIn(event: Event, at: number): readonly ModelTurn[] {
  if (isAction(event)) return [];
  if (event.observation === "reply") return [{ at, type: "reply", event }];
  if (event.observation !== "error" || event.cause !== undefined) return [];
  const { code } = event.extras;
  return code.startsWith("model_") ? [{ at, type: "failure", code, message: event.content }] : [];
}

/** A subagent's initial settings came from its parent; in a replay they are an input. */
export function asUserInput(event: Event): Event {
  if (!isAction(event) || event.action !== "initialize" || (event.args.parent ?? null) === null) return event;
  const { parent: _, ...args } = event.args;
  return { ...event, source: "user", args };
}

function inputsOf(events: readonly Event[]): readonly Input[] {
  const inputs: Input[] = [];
  for (let at = 0; at < events.length; at += 1) {
    const event = events[at];
    if (event === undefined) continue;
    if (isAction(event)) {
      if (event.source === "user")
        inputs.push(isClassicDenial(event, events, at) ? { at, type: "says_no" } : { at, type: "says", action: event });
    } else if (isCrash(event)) {
      inputs.push({ at, type: "crash" });
      // The events that the next server stored belong to the crash.
      while (events[at + 1] !== undefined && isRecovery(events[at + 1] as Event)) at += 1;
    } else if (isStop(event, events, at)) inputs.push({ at, type: "restart" });
  }
  return inputs;
}

function isClassicDenial(event: Action, events: readonly Event[], at: number): boolean {
  if (event.action !== "approve" || event.args.decision !== "deny") return false;
  const rest = events[at + 3];
  return rest !== undefined && isState(rest) && rest.extras.agent_state === "awaiting_user_input";
}

function isCrash(event: Event): boolean {
  if (isState(event)) return event.extras.resumed !== undefined;
  return !isAction(event) && event.observation === "error" && event.extras.code === "outcome_unknown";
}

function isRecovery(event: Event): boolean {
  return event.source === "environment" && isState(event) ? true : isCrash(event);
}

/** Whether the server paused the work, rather than a person or a limit. */
function isStop(event: Event, events: readonly Event[], at: number): boolean {
  if (!isState(event) || event.extras.agent_state !== "paused" || !isWorking(stateIn(events, at))) return false;
  const before = events[at - 1];
  if (before === undefined) return false;
  return isAction(before) ? before.action !== "change_agent_state" : before.observation !== "error";
}

function isState(event: Event): event is Observation<"agent_state_changed"> {
  return !isAction(event) && event.observation === "agent_state_changed";
}

function stateIn(events: readonly Event[], before: number): AgentState | null {
  for (let at = before - 1; at >= 0; at -= 1) {
    const event = events[at];
    if (event !== undefined && isState(event)) return event.extras.agent_state;
  }
  return null;
}
