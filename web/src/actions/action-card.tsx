import { useState } from "react";
import { allowedSentence, type Action, type Observation } from "@deckhand/protocol";
import { bodyOf } from "./body.ts";
import { Diff, Output, PlanList } from "./output.tsx";
import { summaryOf, type Summary } from "./summary.ts";

interface ActionCardProps {
  readonly action: Action;
  readonly observation: Observation | undefined;
  /** Output so far, while there is no observation. */
  readonly live: string | undefined;
  /** It has not begun: a person has to allow it. */
  readonly waiting: boolean;
}

/** One line for an action; commands, edits, plans and failures show what came of them at once, the rest on a click. */
export function ActionCard({ action, observation, live, waiting }: ActionCardProps) {
  const summary = summaryOf(action, observation);
  const body = bodyOf(action, observation, live);
  const [toggled, setToggled] = useState<boolean>();
  const open = toggled ?? body.openAtFirst;
  const line = (
    <>
      <Mark tone={waiting ? "waiting" : summary.tone} />
      <span className="shrink-0 font-medium">{summary.verb}</span>
      <code className="min-w-0 flex-1 truncate font-mono text-[13px] text-muted">{oneLine(summary.what)}</code>
      <span className={`shrink-0 text-xs tabular-nums ${summary.tone === "bad" ? "text-bad" : "text-muted"}`}>
        {waiting ? "Waiting for approval" : summary.result}
      </span>
    </>
  );
  const allowed = allowedSentence(action);
  const row = "flex w-full items-center gap-2.5 px-3 py-2 text-left text-sm";
  return (
    <section aria-label={summary.verb} className="overflow-hidden rounded-xl border border-line bg-panel">
      {body.parts.length === 0 ? (
        <div className={row}>{line}</div>
      ) : (
        <button
          type="button"
          className={`${row} hover:bg-raised/60`}
          aria-expanded={open}
          onClick={() => setToggled(!open)}
        >
          {line}
          <span aria-hidden="true" className={`text-xs text-muted transition-transform ${open ? "rotate-90" : ""}`}>
            ›
          </span>
        </button>
      )}
      {allowed !== "" && <p className="plain-text px-3 pb-2 text-xs text-muted">{allowed}</p>}
      {open &&
        body.parts.map((part) => {
          switch (part.type) {
            case "diff":
              return <Diff key="diff" text={part.text} />;
            case "plan":
              return <PlanList key="plan" tasks={part.tasks} />;
            case "text":
              return <Output key={part.label} label={part.label} text={part.text} tone={part.tone} />;
          }
        })}
    </section>
  );
}

function Mark({ tone }: { readonly tone: Summary["tone"] | "waiting" }) {
  if (tone === "waiting") {
    return <span aria-hidden="true" className="size-3.5 shrink-0 rounded-full border-2 border-warn" />;
  }
  if (tone === "open") {
    return (
      <span className="size-3.5 shrink-0 animate-spin rounded-full border-2 border-line border-t-accent">
        <span className="sr-only">Running</span>
      </span>
    );
  }
  const [mark, colour] = tone === "bad" ? ["✕", "text-bad"] : ["✓", tone === "good" ? "text-good" : "text-muted"];
  return (
    <span aria-hidden="true" className={`w-3.5 shrink-0 text-center text-xs ${colour}`}>
      {mark}
    </span>
  );
}

function oneLine(text: string): string {
  return text.trim().replaceAll("\n", " ⏎ ").slice(0, 300);
}
