/**
 * What the turn has done so far, as a fold of the log: which commands ran and how they ended, what is still planned,
 * and how often the server has nudged the agent. Commands are found by their text, because a model knows no event ids.
 */
import {
  isAction,
  isRunnable,
  type Action,
  type Event,
  type Observation,
  type ObservationExtras,
} from "@deckhand/protocol";

export interface CommandRun {
  /** As it was run. */
  readonly command: string;
  /** Id of the observation. */
  readonly event: number;
  readonly exitCode: number;
  /** It continues as a background process. */
  readonly isRunning: boolean;
}

/** Beyond these, the least recently run command is forgotten. */
const maxCommands = 500;
const maxTouchedFiles = 100;

export class TurnProgress {
  readonly #runs = new Map<string, CommandRun>();
  #firstAction: number | null = null;
  #touched: string[] = [];
  #openTasks = 0;
  #nudges = 0;
  #finishRejected = false;

  /** Id of the agent's first action in this turn that does something; null before it. */
  get firstAction(): number | null {
    return this.#firstAction;
  }

  /** Absolute paths of the files the agent has read or written since the last call. */
  takeTouched(): readonly string[] {
    const touched = this.#touched;
    this.#touched = [];
    return touched;
  }

  /** Unfinished tasks of the plan; 0 until the plan is used in this turn. */
  get openTasks(): number {
    return this.#openTasks;
  }

  /** How often the agent was told in this turn that its task is not done. */
  get nudges(): number {
    return this.#nudges;
  }

  /** A `finish` was rejected in this turn, because no command backs its claims. */
  get finishRejected(): boolean {
    return this.#finishRejected;
  }

  lastRun(command: string): CommandRun | undefined {
    return this.#runs.get(normalizeCommand(command));
  }

  /** The last command that contains this one. */
  similarRun(command: string): CommandRun | undefined {
    const wanted = normalizeCommand(command);
    return wanted === "" ? undefined : [...this.#runs].findLast(([known]) => known.includes(wanted))?.[1];
  }

  add(event: Event): void {
    if (isAction(event)) this.#addAction(event);
    else this.#addObservation(event);
  }

  #addAction(event: Action): void {
    if (event.source === "agent" && isRunnable(event.action)) this.#firstAction ??= event.id;
  }

  #addObservation(event: Observation): void {
    switch (event.observation) {
      case "chat":
        this.#firstAction = null;
        this.#openTasks = 0;
        this.#nudges = 0;
        this.#finishRejected = false;
        return;
      case "nudge":
        if (event.extras.reason === "unfinished") this.#nudges += 1;
        return;
      case "plan":
        this.#openTasks = event.extras.tasks.filter(({ status }) => status !== "done").length;
        return;
      case "read":
      case "write":
      case "edit":
        if (event.source === "agent" && this.#touched.length < maxTouchedFiles) this.#touched.push(event.extras.path);
        return;
      case "run":
      case "job":
        return this.#addRun(event.id, event.extras);
      case "error":
        if (event.extras.code === "claim_not_shown") this.#finishRejected = true;
        return;
      default:
        return;
    }
  }

  #addRun(event: number, extras: ObservationExtras<"run"> | ObservationExtras<"job">): void {
    const { command, job } = extras;
    const exitCode = "exit_code" in extras ? extras.exit_code : (job?.exit_code ?? -1);
    const key = normalizeCommand(command);
    this.#runs.delete(key);
    this.#runs.set(key, { command, event, exitCode, isRunning: job?.state === "running" });
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > maxCommands && oldest !== undefined) this.#runs.delete(oldest);
  }
}

/** A command as people quote it: without a leading `cd` and without redirected errors. */
export function normalizeCommand(command: string): string {
  return command
    .replace(/^\s*(cd\s+("[^"]*"|'[^']*'|[^\s;&|]+)\s*(&&|;)\s*)+/, "")
    .replace(/(\s+2>&1|\s*;)+\s*$/, "")
    .replaceAll(/\s+/g, " ")
    .trim();
}
