import type { ViewSnapshot } from "@deckhand/client";
import { useNow } from "../connection/connection.tsx";
import { isWorking, nowOf, stateDot } from "./words.ts";

type Wanted = "running" | "paused" | "stopped";

interface NowBarProps {
  readonly snapshot: ViewSnapshot;
  readonly onWant: (state: Wanted) => void;
}

/** Always in sight above the message box: what is happening, for how long, at what cost, and the buttons to change it. */
export function NowBar({ snapshot, onWant }: NowBarProps) {
  const { state } = snapshot;
  const working = isWorking(state.agentState);
  const clock = useNow(working);
  const now = nowOf(snapshot);
  const seconds = now.since === undefined ? 0 : Math.floor((clock - now.since) / 1000);
  const canPause = state.agentState === "running";
  const canResume = state.agentState === "paused";
  const canStop = working || canResume || state.agentState === "awaiting_user_confirmation";
  return (
    <div className="flex items-center gap-2 px-1 py-1.5 text-sm">
      <span aria-hidden="true" className={`size-2 shrink-0 rounded-full ${stateDot(state.agentState)}`} />
      <p role="status" aria-live="polite" className="flex min-w-0 flex-1 items-baseline gap-1.5">
        <span className="shrink-0 font-medium">{now.words}</span>{" "}
        {now.what !== undefined && (
          <code className="truncate font-mono text-[13px] text-muted">{firstLine(now.what)}</code>
        )}
        {now.why !== undefined && <span className="truncate text-muted">{firstLine(now.why)}</span>}
        {seconds >= 3 && (
          <span aria-hidden="true" className="shrink-0 text-muted tabular-nums">
            {seconds} s
          </span>
        )}
      </p>
      <span className="hidden shrink-0 text-xs text-muted tabular-nums sm:inline">{spent(snapshot)}</span>
      {canPause && <Button label="Pause" onClick={() => onWant("paused")} />}
      {canResume && <Button label="Resume" onClick={() => onWant("running")} />}
      {canStop && <Button label="Stop" onClick={() => onWant("stopped")} />}
    </div>
  );
}

function Button({ label, onClick }: { readonly label: string; readonly onClick: () => void }) {
  return (
    <button type="button" className="shrink-0 py-0.5" onClick={onClick}>
      {label}
    </button>
  );
}

function spent({ state: { usage } }: ViewSnapshot): string {
  if (usage.steps === 0) return "";
  const steps = usage.steps === 1 ? "1 step" : `${usage.steps} steps`;
  if (usage.unpricedSteps === usage.steps) return `${steps} · cost unknown`;
  const digits = usage.costUsd > 0 && usage.costUsd < 0.1 ? 4 : 2;
  return `${steps} · $${usage.costUsd.toFixed(digits)}${usage.unpricedSteps > 0 ? " or more" : ""}`;
}

function firstLine(text: string): string {
  const [line = "", ...rest] = text.trim().split("\n", 2);
  return rest.length > 0 ? `${line} …` : line;
}
