/**
 * What the turn has come to, as a fold of the log: which commands were run and how they ended, what is still planned, and how often the
 * server has spoken up already. Commands are known by their words, because a model knows no ids.
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
  /** Of the observation. */
  readonly event: number;
  readonly exitCode: number;
  /** It goes on as a job. */
  readonly isRunning: boolean;
}

/** Commands that are remembered: of more, the ones that were run longest ago are forgotten. */
const keptCommands = 500;
const mostTouched = 100;

export class TurnProgress {
  readonly #ran = new Map<string, CommandRun>();
  #firstAction: number | null = null;
  #touched: string[] = [];
  #openTasks = 0;
  #nudges = 0;
  #sentBack = false;

  /** Id of the first action of the agent that did something in this turn; null before it. */
  get firstAction(): number | null {
    return this.#firstAction;
  }

  /** Files that the agent has read or written since it was last asked, by absolute paths; asking forgets them. */
  takeTouched(): readonly string[] {
    const touched = this.#touched;
    this.#touched = [];
    return touched;
  }

  /** Of the plan, where it was looked at in this turn. */
  get openTasks(): number {
    return this.#openTasks;
  }

  /** Times that it was told in this turn that its task is not done. */
  get nudges(): number {
    return this.#nudges;
  }

  /** A `finish` was sent back in this turn, because nothing shows what it claims. */
  get finishRejected(): boolean {
    return this.#sentBack;
  }

  lastRun(command: string): CommandRun | undefined {
    return this.#ran.get(normalizeCommand(command));
  }

  /** The last command that has the words of this one in it. */
  similarRun(command: string): CommandRun | undefined {
    const words = normalizeCommand(command);
    return words === "" ? undefined : [...this.#ran].findLast(([known]) => known.includes(words))?.[1];
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
        this.#sentBack = false;
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
        if (event.source === "agent" && this.#touched.length < mostTouched) this.#touched.push(event.extras.path);
        return;
      case "run":
      case "job":
        return this.#ranNow(event.id, event.extras);
      case "error":
        if (event.extras.code === "claim_not_shown") this.#sentBack = true;
        return;
      default:
        return;
    }
  }

  #ranNow(event: number, extras: ObservationExtras<"run"> | ObservationExtras<"job">): void {
    const { command, job } = extras;
    const exitCode = "exit_code" in extras ? extras.exit_code : (job?.exit_code ?? -1);
    const words = normalizeCommand(command);
    this.#ran.delete(words);
    this.#ran.set(words, { command, event, exitCode, isRunning: job?.state === "running" });
    const [oldest] = this.#ran.keys();
    if (this.#ran.size > keptCommands && oldest !== undefined) this.#ran.delete(oldest);
  }
}

/** A command as one names it: without the way to its directory, and where its errors go. */
export function normalizeCommand(command: string): string {
  return command
    .replace(/^\s*(cd\s+("[^"]*"|'[^']*'|[^\s;&|]+)\s*(&&|;)\s*)+/, "")
    .replace(/(\s+2>&1|\s*;)+\s*$/, "")
    .replaceAll(/\s+/g, " ")
    .trim();
}
