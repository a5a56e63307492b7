/** Cost and tokens of each model call in the log, and the columns of the charts made from them. */
import { isAction, costOfEvent, type ContextUse, type Event, type EventCost } from "@deckhand/protocol";

export interface CostStep extends EventCost {
  /** Id of the event. */
  readonly id: number;
  /** Steps are numbered as in the conversation; calls for titles and summaries have the number of the step before. */
  readonly number: number;
  readonly timestamp: string;
  /** Undefined for calls that the server makes on its own, for example for a title. */
  readonly durationMs: number | undefined;
  readonly context: ContextUse | undefined;
}

export function costSteps(events: readonly Event[]): readonly CostStep[] {
  let number = 0;
  return events.flatMap((event): readonly CostStep[] => {
    const spent = costOfEvent(event);
    if (spent === null) return [];
    const { id, timestamp } = event;
    const isReply = !isAction(event) && event.observation === "reply";
    if (isReply) number += 1;
    return [
      {
        ...spent,
        id,
        number,
        timestamp,
        durationMs: isReply ? event.extras.duration_ms : undefined,
        context: isReply ? event.extras.context : undefined,
      },
    ];
  });
}

export interface Totals {
  readonly costUsd: number;
  readonly unpriced: number;
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  readonly modelMs: number;
}

export function totals(steps: readonly CostStep[]): Totals {
  const sum = (of: (step: CostStep) => number): number => steps.reduce((all, step) => all + of(step), 0);
  return {
    costUsd: sum(({ costUsd }) => costUsd ?? 0),
    unpriced: steps.filter(({ costUsd }) => costUsd === null).length,
    input: sum(({ usage }) => usage.input),
    cached: sum(({ usage }) => usage.cached_input),
    output: sum(({ usage }) => usage.output),
    modelMs: sum(({ durationMs }) => durationMs ?? 0),
  };
}

/** A column of a chart: its parts from bottom to top, and the steps that it represents. */
export interface Column {
  readonly parts: readonly { readonly kind: string; readonly amount: number }[];
  readonly steps: readonly CostStep[];
}

export type Chart = "cost" | "tokens" | "context";

/** More columns would be too narrow to tell apart. */
const maxColumns = 120;

export function columns(steps: readonly CostStep[], chart: Chart): readonly Column[] {
  const shown = chart === "context" ? steps.filter(({ context }) => context !== undefined) : steps;
  const each = Math.max(1, Math.ceil(shown.length / maxColumns));
  const found: Column[] = [];
  for (let at = 0; at < shown.length; at += each) {
    const some = shown.slice(at, at + each);
    found.push({ steps: some, parts: partsOf(some, chart) });
  }
  return found;
}

function partsOf(steps: readonly CostStep[], chart: Chart): Column["parts"] {
  const sum = (of: (step: CostStep) => number): number => steps.reduce((all, step) => all + of(step), 0);
  switch (chart) {
    case "cost":
      return [{ kind: "cost", amount: sum(({ costUsd }) => costUsd ?? 0) }];
    case "tokens":
      return [
        { kind: "cached", amount: sum(({ usage }) => usage.cached_input) },
        { kind: "input", amount: sum(({ usage }) => Math.max(0, usage.input - usage.cached_input)) },
        { kind: "output", amount: sum(({ usage }) => usage.output) },
      ];
    case "context": {
      // Context use is not summed: a group shows that of its last step.
      const by = steps.at(-1)?.context?.by;
      return by === undefined ? [] : Object.entries(by).map(([kind, amount]) => ({ kind, amount }));
    }
  }
}

export function heightOf({ parts }: Column): number {
  return parts.reduce((sum, { amount }) => sum + amount, 0);
}

/** The end of an axis: the next of 1, 2, 5, 10, … at or above `max`. */
export function niceCeiling(max: number): number {
  if (max <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(max));
  return ([1, 2, 5, 10].find((factor) => factor * power >= max * 0.999_999) ?? 10) * power;
}
