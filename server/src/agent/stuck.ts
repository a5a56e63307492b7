/**
 * Stuck detection: whether the agent repeats itself, by the rules of OpenHands 0.9–0.14, over the last steps of a turn.
 * It is nudged once; if it continues the same way, the turn ends. A user message or a resume starts over.
 *
 * Two runs of a command are equal only if their output is, too, so watching something that grows is not a loop. Neither is
 * a command that sleeps or waits, or a look at a running background process: they repeat on purpose, and the limits of
 * the turn apply to them.
 */
import { isAction, isRunnable, type Action, type Event, type NudgeReason, type Observation } from "@deckhand/protocol";

/** As in OpenHands. */
export const stuckMessage = "Agent got stuck in a loop";

/** A call of the model and its result. */
export interface AgentStep {
  /** Equal for equal calls. */
  readonly call: string;
  /** Equal for equal results. */
  readonly result: string;
  readonly failed: boolean;
  /** A message to the user, which has no result. */
  readonly isMessage: boolean;
}

interface Loop {
  readonly reason: NudgeReason;
  /** How many of the last steps form it. */
  readonly length: number;
}

export function findLoop(steps: readonly AgentStep[]): Loop | null {
  const last = (count: number): readonly AgentStep[] => (steps.length < count ? [] : steps.slice(-count));
  if (allEqual(last(4), isSameStep)) return { reason: "repeat", length: 4 };
  const three = last(3);
  // OpenHands requires a fourth step before these three, whatever it was.
  if (steps.length >= 4 && allEqual(three, isSameCall) && three.every((step) => step.failed)) {
    return { reason: "repeat_error", length: 3 };
  }
  if (allEqual(three, isSameCall) && three.every((step) => step.isMessage)) return { reason: "monologue", length: 3 };
  const [a, b, ...rest] = last(6);
  if (a !== undefined && b !== undefined && rest.every((step, at) => isSameStep(step, at % 2 === 0 ? a : b))) {
    return { reason: "alternation", length: 6 };
  }
  return null;
}

const maxSteps = 6;

/** The last steps of the turn, as a fold of the log. */
export class StepHistory {
  #steps: AgentStep[] = [];
  #stepsSinceNudge: number | null = null;
  /** The calls of the last reply by id, as the model wrote them. */
  #calls = new Map<string, string>();
  /** The calls of the actions that have no observation yet, by action id. */
  readonly #running = new Map<number, string>();

  /** What to do about a loop; null when there is none. */
  check(): { readonly type: "nudge" | "pause"; readonly reason: NudgeReason } | null {
    const loop = findLoop(this.#steps);
    const since = this.#stepsSinceNudge;
    if (loop === null || since === 0) return null;
    return { type: since !== null && since <= loop.length ? "pause" : "nudge", reason: loop.reason };
  }

  add(event: Event): void {
    if (isAction(event)) this.#addAction(event);
    else this.#addObservation(event);
  }

  #addAction(event: Action): void {
    if (event.source !== "agent" || event.tool_call === undefined) return;
    const call = callKey(event);
    if (isRunnable(event.action)) this.#running.set(event.id, call);
    else this.#addStep({ call, result: "", failed: false, isMessage: event.action === "message" });
  }

  #addObservation(event: Observation): void {
    switch (event.observation) {
      case "chat":
        return this.#reset();
      case "agent_state_changed":
        return event.extras.agent_state === "running" ? this.#reset() : undefined;
      case "nudge":
        this.#stepsSinceNudge = 0;
        return;
      case "reply":
        this.#calls = new Map(
          event.extras.parts.flatMap((part) =>
            part.type === "call" ? [[part.id, `${part.name} ${part.arguments}`]] : [],
          ),
        );
        return;
      default:
        this.#addResult(event);
    }
  }

  #addResult(event: Observation): void {
    if (event.tool_call === undefined) return;
    const call = event.cause === undefined ? this.#calls.get(event.tool_call.id) : this.#running.get(event.cause);
    if (call === undefined) return;
    if (event.cause !== undefined) this.#running.delete(event.cause);
    this.#addStep({ call, result: resultKey(event), failed: event.observation === "error", isMessage: false });
  }

  #addStep(step: AgentStep): void {
    this.#steps = [...this.#steps, step].slice(-maxSteps);
    if (this.#stepsSinceNudge !== null) this.#stepsSinceNudge += 1;
  }

  #reset(): void {
    this.#steps = [];
    this.#stepsSinceNudge = null;
  }
}

/** Without the thought beside the call. A command that waits is unique, and so never part of a loop. */
function callKey(event: Action): string {
  if (event.action === "run" && waitingCommand.test(event.args.command)) return `#${event.id}`;
  const args = event.action === "think" ? event.args : { ...event.args, thought: "" };
  return JSON.stringify([event.action, args]);
}

const waitingCommand = /(^|[\s;&|(])(sleep|wait|inotifywait)(\s|$|;)/;

function resultKey(event: Observation): string {
  if (event.observation === "job") {
    const { job } = event.extras;
    // A background process may run for a long time without output.
    return job.state === "running" ? `#${event.id}` : JSON.stringify([event.content, job]);
  }
  if (event.observation !== "run") return JSON.stringify([event.observation, event.content]);
  return JSON.stringify([event.content, event.extras.exit_code, event.extras.cwd]);
}

function allEqual(steps: readonly AgentStep[], isEqual: (a: AgentStep, b: AgentStep) => boolean): boolean {
  const [first, ...rest] = steps;
  return first !== undefined && rest.every((step) => isEqual(first, step));
}

function isSameCall(a: AgentStep, b: AgentStep): boolean {
  return a.call === b.call;
}

function isSameStep(a: AgentStep, b: AgentStep): boolean {
  return isSameCall(a, b) && a.result === b.result;
}
