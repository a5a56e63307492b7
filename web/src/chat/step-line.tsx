import { costText, countText, durationText } from "../words/amounts.ts";
import { useWords, type Words } from "../words/words.ts";
import type { StepCost } from "./item.ts";

/** What a reply of the model took: small, for whoever wants to know. */
export function StepLine({ step }: { readonly step: StepCost }) {
  const { chat: words } = useWords();
  return (
    <p title={step.model} className="text-2xs text-muted tabular-nums">
      {wholeText(step, words)}
    </p>
  );
}

/** The same where there is no room for a line: the cost, and the rest as a title. */
export function StepCostText({ step }: { readonly step: StepCost }) {
  const { chat: words } = useWords();
  // A model that costs nothing needs no word of it at each step.
  if (step.costUsd === 0) return null;
  return (
    <span title={wholeText(step, words)} className="shrink-0 text-xs text-muted tabular-nums max-sm:hidden">
      {step.costUsd === null ? durationText(step.durationMs) : costText(step.costUsd)}
    </span>
  );
}

function wholeText({ number, durationMs, usage, costUsd }: StepCost, words: Words["chat"]): string {
  return [
    words.step(number),
    durationText(durationMs),
    words.tokens(countText(usage.input), countText(usage.output)),
    costUsd === null ? words.costUnknown : costText(costUsd),
  ].join(" · ");
}
