import { useMemo, useState } from "react";
import { GraphIcon } from "@primer/octicons-react";
import { conversationUrl } from "../../urls.ts";
import { Link } from "../../shell/link.tsx";
import { Button } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { formatCost, formatCount, formatDuration } from "../../i18n/format.ts";
import { useMessages } from "../../i18n/i18n.ts";
import type { WorkTabProps } from "../tab-props.ts";
import { Chart, fills } from "./chart.tsx";
import { columns, costSteps, totals, type Chart as ChartKind, type Column } from "./steps.ts";

const maxRows = 100;

/** Cost and tokens of each step, and context use. */
export function CostsTab({ conversation, snapshot: { events, state } }: WorkTabProps) {
  const t = useMessages();
  const [chosen, setKind] = useState<ChartKind>();
  // The cost chart of a free model is empty, so start with tokens.
  const kind = chosen ?? (state.usage.costUsd > 0 ? "cost" : "tokens");
  const steps = useMemo(() => costSteps(events), [events]);
  const drawn = useMemo(() => columns(steps, kind), [steps, kind]);
  if (steps.length === 0) {
    return (
      <EmptyState icon={GraphIcon} title={t.work.costs.empty}>
        {t.work.costs.emptyDescription}
      </EmptyState>
    );
  }
  const sum = totals(steps);
  const last = steps.findLast(({ context }) => context !== undefined)?.context;
  const kinds: readonly ChartKind[] = last === undefined ? ["cost", "tokens"] : ["cost", "tokens", "context"];
  const limit = kind === "context" ? (last?.limit ?? undefined) : undefined;
  const amountText = kind === "cost" ? formatCost : formatCount;
  const parts = new Set(drawn.flatMap((column) => column.parts.map((part) => part.kind)));
  const tell = ({ steps: some }: Column): string => {
    const first = some[0];
    const end = some.at(-1);
    if (first === undefined || end === undefined) return "";
    const sums = totals(some);
    const name =
      some.length === 1 ? t.work.costs.stepNumber(first.number) : t.work.costs.stepRange(first.number, end.number);
    const filled = end.context === undefined ? "" : ` · ${t.work.costs.contextOf(formatCount(end.context.tokens))}`;
    return `${name} · ${formatCost(sums.costUsd)} · ${t.work.costs.tokensInOut(formatCount(sums.input), formatCount(sums.output))}${filled}`;
  };

  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-5 py-4">
      <dl className="grid grid-cols-[repeat(auto-fit,minmax(7rem,1fr))] gap-3 pb-5">
        <Figure label={t.work.costs.cost} value={formatCost(state.usage.costUsd)} />
        <Figure label={t.work.costs.steps} value={String(state.usage.steps)} />
        <Figure label={t.work.costs.tokensIn} value={formatCount(sum.input)} />
        <Figure
          label={t.work.costs.fromCache}
          value={sum.input === 0 ? "–" : `${Math.round((100 * sum.cached) / sum.input)} %`}
        />
        <Figure label={t.work.costs.tokensOut} value={formatCount(sum.output)} />
        <Figure label={t.work.costs.modelTime} value={formatDuration(sum.modelMs)} />
        {last !== undefined && (
          <Figure
            label={t.work.costs.context}
            value={
              last.limit === null
                ? formatCount(last.tokens)
                : `${Math.round((100 * last.tokens) / last.limit)} % · ${formatCount(last.tokens)}`
            }
          />
        )}
      </dl>
      {sum.unpriced > 0 && <p className="pb-3 text-xs text-warn">{t.work.costs.unpriced(sum.unpriced)}</p>}
      <div role="group" aria-label={t.work.costs.chart} className="flex items-center gap-1 pb-2">
        {kinds.map((each) => (
          <Button key={each} size="small" tone="quiet" aria-pressed={kind === each} onClick={() => setKind(each)}>
            {t.work.costs.charts[each]}
          </Button>
        ))}
      </div>
      <Chart
        label={t.work.costs.chartOf(t.work.costs.charts[kind], steps.length)}
        columns={drawn}
        amountText={amountText}
        limit={limit}
        limitLabel={limit === undefined ? "" : t.work.costs.contextLimit(formatCount(limit))}
        describe={tell}
      />
      {parts.size > 1 && (
        <ul className="flex flex-wrap gap-x-4 gap-y-1 pb-4 pl-14 text-2xs text-muted">
          {[...parts].map((part) => (
            <li key={part} className="flex items-center gap-1.5">
              <svg width="8" height="8" aria-hidden="true">
                <rect width="8" height="8" rx="2" className={fills[part] ?? "fill-muted"} />
              </svg>
              {t.work.costs.parts[part as keyof typeof t.work.costs.parts] ?? part}
            </li>
          ))}
        </ul>
      )}
      <table className="mt-2 w-full text-right text-xs tabular-nums">
        <thead className="text-2xs text-muted">
          <tr className="border-b border-line">
            <th scope="col" className="py-1 text-left font-medium">
              {t.work.costs.step}
            </th>
            <th scope="col" className="text-left font-medium">
              {t.common.model}
            </th>
            <th scope="col" className="font-medium">
              {t.work.costs.parts.input}
            </th>
            <th scope="col" className="font-medium">
              {t.work.costs.cached}
            </th>
            <th scope="col" className="font-medium">
              {t.work.costs.parts.output}
            </th>
            <th scope="col" className="font-medium">
              {t.work.costs.time}
            </th>
            <th scope="col" className="font-medium">
              {t.work.costs.cost}
            </th>
          </tr>
        </thead>
        <tbody>
          {steps
            .slice(-maxRows)
            .toReversed()
            .map((step) => (
              <tr key={step.id} className="border-b border-line/60">
                <td className="py-1 text-left">
                  <Link
                    href={conversationUrl(conversation, { tab: "costs", event: step.id })}
                    className="text-accent hover:underline"
                  >
                    {step.number}
                  </Link>
                  {step.kind !== "step" && (
                    <span className="ml-1.5 text-muted">{t.work.costs.callKinds[step.kind]}</span>
                  )}
                </td>
                <td className="max-w-28 truncate text-left text-muted">{step.model}</td>
                <td>{formatCount(step.usage.input)}</td>
                <td className="text-muted">{formatCount(step.usage.cached_input)}</td>
                <td>{formatCount(step.usage.output)}</td>
                <td className="text-muted">{step.durationMs === undefined ? "" : formatDuration(step.durationMs)}</td>
                <td>{step.costUsd === null ? "?" : formatCost(step.costUsd)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}

function Figure({ label, value }: { readonly label: string; readonly value: string }) {
  return (
    <div>
      <dt className="label-small">{label}</dt>
      <dd className="text-lg font-semibold tracking-tight tabular-nums">{value}</dd>
    </div>
  );
}
