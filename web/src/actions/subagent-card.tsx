import { ArrowRightIcon } from "@primer/octicons-react";
import { conversationUrl } from "../urls.ts";
import { stateDot, stateLabel } from "../status-bar/activity.ts";
import { Link } from "../shell/link.tsx";
import { buttonClass } from "../ui/button.tsx";
import { formatCost } from "../i18n/format.ts";
import { useMessages } from "../i18n/i18n.ts";
import type { SubagentView } from "./card-parts.ts";

/** The progress of a subagent, with a link to its conversation. */
export function SubagentCard({ child }: { readonly child: SubagentView }) {
  const t = useMessages();
  const { conversation, agent, state, steps, costUsd, question } = child;
  return (
    <div className="rounded-lg border border-line bg-panel px-3 py-2 text-sm">
      <p className="flex items-center gap-2">
        <span aria-hidden="true" className={`size-2 shrink-0 rounded-full ${stateDot(state)}`} />
        <span className="min-w-0 truncate font-medium">{agent}</span>
        <span className="min-w-0 flex-1 truncate text-xs text-muted tabular-nums">
          {[stateLabel(state, t), t.common.steps(steps), ...(costUsd > 0 ? [formatCost(costUsd)] : [])].join(" · ")}
        </span>
        <Link href={conversationUrl(conversation)} className={buttonClass("plain", "small")}>
          {t.actions.openSubagent}
          <ArrowRightIcon size={14} />
        </Link>
      </p>
      {question !== "" && <p className="plain-text mt-1 text-warn">{t.actions.subagentAsks(question)}</p>}
    </div>
  );
}
