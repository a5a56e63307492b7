import { AlertIcon, CheckCircleFillIcon, XCircleFillIcon } from "@primer/octicons-react";
import type { ModelReport } from "@deckhand/protocol";
import { formatCost, formatDuration } from "../i18n/format.ts";
import { useMessages } from "../i18n/i18n.ts";

/** The findings of a model test, one per line. */
export function TestReport({ report }: { readonly report: ModelReport }) {
  const t = useMessages();
  return (
    <div
      role="status"
      aria-label={t.models.testResult(report.model)}
      className={`flex flex-col gap-1.5 rounded-lg border p-3 text-sm ${
        report.ok ? "border-good/40 bg-good-soft/50" : "border-bad/40 bg-bad-soft/50"
      }`}
    >
      <p className="flex items-center gap-2 font-medium">
        <span className={report.ok ? "text-good" : "text-bad"}>
          {report.ok ? <CheckCircleFillIcon size={14} /> : <XCircleFillIcon size={14} />}
        </span>
        {report.ok ? t.models.testPassed(report.model) : t.models.testFailed(report.model)}
        <span className="ml-auto text-xs font-normal text-muted tabular-nums">
          {formatDuration(report.duration_ms)}
          {report.cost_usd !== null && report.cost_usd > 0 && ` · ${formatCost(report.cost_usd)}`}
        </span>
      </p>
      <ul className="flex flex-col gap-1">
        {report.findings.map(({ what, ok, sentence }) => (
          <li key={what} className="flex gap-2 text-soft">
            <span className={`mt-0.5 shrink-0 ${ok ? "text-good" : what === "reply" ? "text-bad" : "text-warn"}`}>
              {ok ? <CheckCircleFillIcon size={12} /> : <AlertIcon size={12} />}
            </span>
            <span className="min-w-0 break-words">
              <span className="font-medium">{t.models.findings[what]}:</span> {sentence}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
