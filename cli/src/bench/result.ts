/** What came of one try, and which of them there are. */
import type { AgentState } from "@deckhand/protocol";
import type { Task } from "./task.ts";

/** One task with one model, for the so many-th time. */
export interface Attempt {
  readonly task: Task;
  /** Empty: as the server is configured. */
  readonly model: string;
  /** From 1. */
  readonly repeat: number;
}

export interface Result {
  readonly task: string;
  readonly version: string;
  readonly model: string;
  readonly repeat: number;
  readonly solved: boolean;
  /** How the agent ended. */
  readonly state: AgentState | null;
  /** Where it is not solved: the end of what the check printed, or why there was none. */
  readonly why: string;
  readonly steps: number;
  /** Of the work, read and written; `cached` is a part of `input`. */
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  readonly cost_usd: number;
  /** Steps whose price is not known. */
  readonly unpriced: number;
  /** Of the work, without the check. */
  readonly seconds: number;
}

/** The same try, whenever it is made: a task that has changed is another one. */
export function resultKey({
  task,
  version,
  model,
  repeat,
}: Pick<Result, "task" | "version" | "model" | "repeat">): string {
  return JSON.stringify([task, version, model, repeat]);
}

export function attemptKey({ task, model, repeat }: Attempt): string {
  return resultKey({ task: task.id, version: task.version, model, repeat });
}
