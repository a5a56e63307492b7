import { PlayIcon, SquareFillIcon } from "@primer/octicons-react";
import type { ViewState } from "@deckhand/client";
import { useNow } from "../shell/use-now.ts";
import { Button } from "../ui/button.tsx";
import { formatCost, formatDuration } from "../i18n/format.ts";
import { useMessages } from "../i18n/i18n.ts";
import type { Messages } from "../i18n/messages.ts";
import type { RequestableState } from "./use-state-request.ts";
import { isActive, activityOf, stateDot } from "./activity.ts";

interface StatusBarProps {
  readonly snapshot: ViewState;
  readonly onRequestState: (state: RequestableState) => void;
}

/** Above the composer: what the agent is doing, for how long and at what cost, and buttons to control it. */
export function StatusBar({ snapshot, onRequestState }: StatusBarProps) {
  const t = useMessages();
  const { state } = snapshot;
  const working = isActive(state.agentState);
  const now = useNow(working);
  const activity = activityOf(snapshot, t);
  const elapsedMs = activity.sinceMs === undefined ? 0 : now - activity.sinceMs;
  const canPause = state.agentState === "running";
  const canResume = state.agentState === "paused";
  const canStop = working || canResume || state.agentState === "awaiting_user_confirmation";
  return (
    <div className="flex h-9 items-center gap-2 px-1 text-sm">
      <span aria-hidden="true" className={`size-2 shrink-0 rounded-full ${stateDot(state.agentState)}`} />
      <p role="status" aria-live="polite" className="flex min-w-0 flex-1 items-baseline gap-1.5">
        <span className="shrink-0 font-medium">{activity.label}</span>{" "}
        {activity.target !== undefined && <code className="truncate text-muted">{firstLine(activity.target)}</code>}
        {activity.detail !== undefined && <span className="truncate text-muted">{firstLine(activity.detail)}</span>}
        {elapsedMs >= 3_000 && (
          <span aria-hidden="true" className="shrink-0 text-xs text-muted tabular-nums">
            {formatDuration(Math.floor(elapsedMs / 1000) * 1000)}
          </span>
        )}
      </p>
      <span className="shrink-0 text-xs text-muted tabular-nums max-sm:hidden">{usageText(snapshot, t)}</span>
      {canPause && (
        <Button size="small" tone="quiet" onClick={() => onRequestState("paused")}>
          {t.composer.pause}
        </Button>
      )}
      {canResume && (
        <Button size="small" icon={PlayIcon} onClick={() => onRequestState("running")}>
          {t.composer.resume}
        </Button>
      )}
      {canStop && (
        <Button size="small" tone="danger" icon={SquareFillIcon} onClick={() => onRequestState("stopped")}>
          {t.common.stop}
        </Button>
      )}
    </div>
  );
}

function usageText({ state: { usage } }: ViewState, t: Messages): string {
  if (usage.steps === 0) return "";
  const steps = t.common.steps(usage.steps);
  if (usage.unpricedSteps === usage.steps) return `${steps} · ${t.common.costUnknown}`;
  const cost = formatCost(usage.costUsd);
  return `${steps} · ${usage.unpricedSteps > 0 ? t.common.costAtLeast(cost) : cost}`;
}

function firstLine(text: string): string {
  const [line = "", ...rest] = text.trim().split("\n", 2);
  return rest.length > 0 ? `${line} …` : line;
}
