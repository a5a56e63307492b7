/** The table of results: one line per task and one of totals. With several models, one column per model. */
import { dollars, tableLines } from "../print/table.ts";
import type { Result } from "./result.ts";

export interface Totals {
  readonly model: string;
  readonly attempts: number;
  readonly solved: number;
  readonly steps: number;
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  readonly cost_usd: number;
  readonly unpriced: number;
  /** Sum over all attempts. */
  readonly seconds: number;
}

export function totalsOf(model: string, results: readonly Result[]): Totals {
  const own = results.filter((result) => result.model === model);
  const sum = (value: (result: Result) => number): number => own.reduce((total, each) => total + value(each), 0);
  return {
    model,
    attempts: own.length,
    solved: sum(({ solved }) => Number(solved)),
    steps: sum(({ steps }) => steps),
    input: sum(({ input }) => input),
    cached: sum(({ cached }) => cached),
    output: sum(({ output }) => output),
    cost_usd: sum(({ cost_usd: usd }) => usd),
    unpriced: sum(({ unpriced }) => unpriced),
    seconds: sum(({ seconds }) => seconds),
  };
}

export function reportLines(
  tasks: readonly string[],
  models: readonly string[],
  results: readonly Result[],
): readonly string[] {
  const of = (task: string, model: string): readonly Result[] =>
    results.filter((result) => result.task === task && result.model === model);
  const rows = tasks.filter((task) => results.some((result) => result.task === task));
  const [only = "", ...more] = models;
  if (more.length === 0) {
    const cells = (totals: Totals): readonly string[] => [
      solvedOf(totals),
      String(totals.steps),
      String(totals.input + totals.output),
      totals.input === 0 ? "–" : `${Math.round((100 * totals.cached) / totals.input)} %`,
      costOf(totals),
      `${totals.seconds.toFixed(1)} s`,
    ];
    return tableLines(
      ["task", "solved", "steps", "tokens", "cached", "cost", "time"],
      [
        ...rows.map((task) => [task, ...cells(totalsOf(only, of(task, only)))]),
        ["total", ...cells(totalsOf(only, results))],
      ],
    );
  }
  const cell = (totals: Totals): string =>
    totals.attempts === 0
      ? "–"
      : `${solvedOf(totals)}  ${totals.steps} steps  ${costOf(totals)}  ${totals.seconds.toFixed(1)} s`;
  return tableLines(
    ["task", ...models.map((model) => model || "default model")],
    [
      ...rows.map((task) => [task, ...models.map((model) => cell(totalsOf(model, of(task, model))))]),
      ["total", ...models.map((model) => cell(totalsOf(model, results)))],
    ],
  );
}

function solvedOf({ solved, attempts }: Totals): string {
  return attempts === 1 ? (solved === 1 ? "yes" : "no") : `${solved}/${attempts}`;
}

function costOf({ cost_usd, steps, unpriced }: Totals): string {
  return dollars({ cost_usd, calls: steps, unpriced_calls: unpriced });
}
