/**
 * Whether the agent goes round in a circle: the rules of the original's stuck detection, over the last steps of a turn.
 * It is told so once; when it goes on all the same, the turn ends. A person's message, or a word to go on, begins anew.
 *
 * Two runs of a command are the same where their output is, too, so that looking at something that grows is no circle.
 * Nor is a command that sleeps or waits, or a look at a job that runs: it asks again later on purpose. The limits of the turn hold for it.
 */
import { isAction, isRunnable, type Action, type Event, type NudgeReason, type Observation } from "@deckhand/protocol";

/** The original's words. */
export const stuckMessage = "Agent got stuck in a loop";

/** A call of the model and what came of it. */
export interface AgentStep {
  /** The same text for the same call. */
  readonly call: string;
  /** The same text for the same result. */
  readonly result: string;
  readonly failed: boolean;
  /** A message to the user, which nothing answers. */
  readonly isMessage: boolean;
}

interface Loop {
  readonly reason: NudgeReason;
  /** How many of the last steps it is made of. */
  readonly length: number;
}

export function findLoop(steps: readonly AgentStep[]): Loop | null {
  const last = (count: number): readonly AgentStep[] => (steps.length < count ? [] : steps.slice(-count));
  if (allEqual(last(4), same)) return { reason: "repeat", length: 4 };
  // The original wants a fourth step before it, whatever that was.
  const three = last(3);
  if (steps.length >= 4 && allEqual(three, sameCall) && three.every((step) => step.failed)) {
    return { reason: "repeat_error", length: 3 };
  }
  if (allEqual(three, sameCall) && three.every((step) => step.isMessage)) return { reason: "monologue", length: 3 };
  const [a, b, ...rest] = last(6);
  if (a !== undefined && b !== undefined && rest.every((step, at) => same(step, at % 2 === 0 ? a : b))) {
    return { reason: "alternation", length: 6 };
  }
  return null;
}

const keptSteps = 6;

/** The last steps of the turn, as a fold of the log. */
export class StepHistory {
  #steps: AgentStep[] = [];
  #stepsSinceNudge: number | null = null;
  /** Calls of the last reply, by id, as the model wrote them. */
  #calls = new Map<string, string>();
  readonly #running = new Map<number, string>();

  /** What to do about a circle; null where there is none. */
  verdict(): { readonly todo: "nudge" | "pause"; readonly reason: NudgeReason } | null {
    const circle = findLoop(this.#steps);
    const since = this.#stepsSinceNudge;
    if (circle === null || since === 0) return null;
    return { todo: since !== null && since <= circle.length ? "pause" : "nudge", reason: circle.reason };
  }

  add(event: Event): void {
    if (isAction(event)) this.#addAction(event);
    else this.#addObservation(event);
  }

  #addAction(event: Action): void {
    if (event.source !== "agent" || event.tool_call === undefined) return;
    const did = textOf(event);
    if (isRunnable(event.action)) this.#running.set(event.id, did);
    else this.#step({ call: did, result: "", failed: false, isMessage: event.action === "message" });
  }

  #addObservation(event: Observation): void {
    switch (event.observation) {
      case "chat":
        return this.#beginAnew();
      case "agent_state_changed":
        return event.extras.agent_state === "running" ? this.#beginAnew() : undefined;
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
    const did = event.cause === undefined ? this.#calls.get(event.tool_call.id) : this.#running.get(event.cause);
    if (did === undefined) return;
    if (event.cause !== undefined) this.#running.delete(event.cause);
    this.#step({ call: did, result: resultOf(event), failed: event.observation === "error", isMessage: false });
  }

  #step(step: AgentStep): void {
    this.#steps = [...this.#steps, step].slice(-keptSteps);
    if (this.#stepsSinceNudge !== null) this.#stepsSinceNudge += 1;
  }

  #beginAnew(): void {
    this.#steps = [];
    this.#stepsSinceNudge = null;
  }
}

/** What is said beside a call does not make it another one. */
function textOf(event: Action): string {
  if (event.action === "run" && waits.test(event.args.command)) return `#${event.id}`;
  const args = event.action === "think" ? event.args : { ...event.args, thought: "" };
  return JSON.stringify([event.action, args]);
}

const waits = /(^|[\s;&|(])(sleep|wait|inotifywait)(\s|$|;)/;

function resultOf(event: Observation): string {
  if (event.observation === "job") {
    const { job } = event.extras;
    // It may go on for long without a word.
    return job.state === "running" ? `#${event.id}` : JSON.stringify([event.content, job]);
  }
  if (event.observation !== "run") return JSON.stringify([event.observation, event.content]);
  return JSON.stringify([event.content, event.extras.exit_code, event.extras.cwd]);
}

function allEqual(steps: readonly AgentStep[], equal: (a: AgentStep, b: AgentStep) => boolean): boolean {
  const [first, ...rest] = steps;
  return first !== undefined && rest.every((step) => equal(first, step));
}

function sameCall(a: AgentStep, b: AgentStep): boolean {
  return a.call === b.call;
}

function same(a: AgentStep, b: AgentStep): boolean {
  return sameCall(a, b) && a.result === b.result;
}
