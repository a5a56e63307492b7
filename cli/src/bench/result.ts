/** Attempts and their results. */
import type { AgentState } from "@deckhand/protocol";
import type { Task } from "./task.ts";

/** One run of a task with a model. */
export interface Attempt {
  readonly task: Task;
  /** Empty: the server's default. */
  readonly model: string;
  /** Counted from 1. */
  readonly repeat: number;
}

export interface Result {
  readonly task: string;
  readonly version: string;
  readonly model: string;
  readonly repeat: number;
  readonly solved: boolean;
  /** The agent's final state. */
  readonly state: AgentState | null;
  /** If not solved: the end of the check's output, or why there was none. */
  readonly why: string;
  readonly steps: number;
  /** Tokens of the work; `cached` is part of `input`. */
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  readonly cost_usd: number;
  /** Steps without a known price. */
  readonly unpriced: number;
  /** Duration of the work, without the check. */
  readonly seconds: number;
}

/** Identifies an attempt across runs; a changed task has another key. */
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
