/**
 * Tells in the log that jobs have ended, each once: not before the action that started it, or one that looks at it, has its own
 * observation, which may tell it as well.
 */
import { observation, type ConversationState, type NewEvent } from "@deckhand/protocol";
import type { JobStatus } from "../../runtime/jobs.ts";

interface Ended {
  readonly status: JobStatus;
  /** Of its output. */
  readonly last: string;
}

export class EndedJobs {
  readonly #ended: Ended[] = [];

  add(status: JobStatus, last: string): void {
    this.#ended.push({ status, last });
  }

  get waiting(): boolean {
    return this.#ended.length > 0;
  }

  /** What can be told in this state; not told again. */
  take(state: ConversationState): readonly NewEvent[] {
    const ready = this.#ended.filter(({ status }) => !isOpen(status.id, state));
    for (const each of ready) this.#ended.splice(this.#ended.indexOf(each), 1);
    return ready.filter(({ status }) => state.jobs.some(({ id }) => id === status.id)).map(endEvent);
  }
}

/** The end of jobs that do not run here any more, with the reason. */
export function lostJobEvents({ jobs }: ConversationState, why = "the server was stopped"): readonly NewEvent[] {
  return jobs.map(({ id, command, since }) => {
    const content = `Job ${id} (${shortened(command)}, started ${since}) is gone: ${why}.`;
    return observation("environment", "job", content, {
      job: { id, state: "ended", exit_code: -1 },
      command,
      duration_ms: 0,
      truncated: false,
    });
  });
}

function endEvent({ status, last }: Ended): NewEvent {
  const { id, command, exitCode = -1, startedAt, endedAt = startedAt } = status;
  const said = last.trim() === "" ? "" : ` Its last output:\n${last.trimEnd()}`;
  const content = `Job ${id} (${shortened(command)}) has ended with exit code ${exitCode}.${said}`;
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
