import { formatCost, formatCount, formatDuration } from "../../i18n/format.ts";
import { useMessages } from "../../i18n/i18n.ts";
import type { Messages } from "../../i18n/messages.ts";
import type { StepCost } from "../items/item.ts";

/** Duration, tokens and cost of a model reply in one line. */
export function StepUsage({ step }: { readonly step: StepCost }) {
  const t = useMessages();
  return (
    <p title={step.model} className="text-2xs text-muted tabular-nums">
      {fullText(step, t)}
    </p>
  );
}

/** The cost alone, with the rest in the tooltip. */
export function StepCostLabel({ step }: { readonly step: StepCost }) {
  const t = useMessages();
  // The cost of a free model is not shown at every step.
  if (step.costUsd === 0) return null;
  return (
    <span title={fullText(step, t)} className="shrink-0 text-xs text-muted tabular-nums max-sm:hidden">
      {step.costUsd === null ? formatDuration(step.durationMs) : formatCost(step.costUsd)}
    </span>
  );
}

function fullText({ number, durationMs, usage, costUsd }: StepCost, t: Messages): string {
  return [
    t.timeline.step(number),
    formatDuration(durationMs),
    t.timeline.tokens(formatCount(usage.input), formatCount(usage.output)),
    costUsd === null ? t.common.costUnknown : formatCost(costUsd),
  ].join(" · ");
}
