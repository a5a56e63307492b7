/**
 * Reports in the log that background processes have ended, each once: not before the action that started it, or one that
 * looks at it, has its own observation, which may report the end as well.
 */
import { observation, type ConversationState, type NewEvent } from "@deckhand/protocol";
import type { JobStatus } from "../../runtime/jobs.ts";

interface EndedJob {
  readonly status: JobStatus;
  /** The end of its output. */
  readonly lastOutput: string;
}

interface EndedJobsDeps {
  readonly append: (events: (now: ConversationState) => readonly NewEvent[]) => Promise<unknown>;
  readonly isClosing: () => boolean;
  readonly onFault: (fault: unknown) => void;
}

export class EndedJobs {
  readonly #deps: EndedJobsDeps;
  readonly #unreported: EndedJob[] = [];

  constructor(deps: EndedJobsDeps) {
    this.#deps = deps;
  }

  add(status: JobStatus, lastOutput: string): void {
    this.#unreported.push({ status, lastOutput });
    this.flush();
  }

  /** Appends what can be reported by now. */
  flush(): void {
    if (this.#unreported.length === 0 || this.#deps.isClosing()) return;
    this.#deps.append((now) => this.#take(now)).catch(this.#deps.onFault);
  }

  #take(state: ConversationState): readonly NewEvent[] {
    const ready = this.#unreported.filter(({ status }) => !isOpen(status.id, state));
    for (const job of ready) this.#unreported.splice(this.#unreported.indexOf(job), 1);
    return ready.filter(({ status }) => state.jobs.some(({ id }) => id === status.id)).map(endEvent);
  }
}

/** The end of jobs that no longer run here, with the reason. */
export function lostJobEvents({ jobs }: ConversationState, reason = "the server was stopped"): readonly NewEvent[] {
  return jobs.map(({ id, command, since }) => {
    const content = `Job ${id} (${shortened(command)}, started ${since}) is gone: ${reason}.`;
    return observation("environment", "job", content, {
      job: { id, state: "ended", exit_code: -1 },
      command,
      duration_ms: 0,
      truncated: false,
    });
  });
}

function endEvent({ status, lastOutput }: EndedJob): NewEvent {
  const { id, command, exitCode = -1, startedAt, endedAt = startedAt } = status;
  const output = lastOutput.trim() === "" ? "" : ` Its last output:\n${lastOutput.trimEnd()}`;
  const content = `Job ${id} (${shortened(command)}) has ended with exit code ${exitCode}.${output}`;
  return observation("environment", "job", content, {
    job: { id, state: "ended", exit_code: exitCode },
    command,
    duration_ms: endedAt - startedAt,
    truncated: false,
  });
}

function isOpen(job: string, { open }: ConversationState): boolean {
  return open.some((action) => `j${action.id}` === job || (action.action === "job" && action.args.id === job));
}

function shortened(command: string): string {
  const line = command.trim().split("\n", 1)[0] ?? "";
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}
