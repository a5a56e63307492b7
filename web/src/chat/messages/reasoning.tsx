import { useState } from "react";
import { ChevronRightIcon, LightBulbIcon } from "@primer/octicons-react";
import { Markdown } from "../../markdown/markdown.tsx";
import { formatDuration } from "../../i18n/format.ts";
import { useMessages } from "../../i18n/i18n.ts";
import type { StepCost } from "../items/item.ts";
import { RowTools } from "./row-tools.tsx";
import { StepCostLabel } from "./step-usage.tsx";

interface ReasoningProps {
  readonly id: number | undefined;
  readonly text: string;
  readonly durationMs: number | undefined;
  readonly step: StepCost | undefined;
}

/** Reasoning of the model, collapsed to one line. */
export function Reasoning({ id, text, durationMs, step }: ReasoningProps) {
  const t = useMessages();
  const [open, setOpen] = useState(false);
  const isStreaming = id === undefined;
  return (
    <section aria-label={t.timeline.reasoning} className="group/row relative">
      <div className="-mx-1.5 flex items-center">
        <button
          type="button"
          data-row-focus
          aria-expanded={open}
          className="flex min-w-0 flex-1 items-center gap-2 rounded-md px-1.5 py-1 text-left text-sm text-muted hover:bg-raised"
          onClick={() => setOpen(!open)}
        >
          <span className={`w-4 shrink-0 text-center ${isStreaming ? "breathe text-accent" : ""}`}>
            <LightBulbIcon size={14} />
          </span>
          <span className="shrink-0 font-medium">
            {isStreaming
              ? t.timeline.thinking
              : durationMs === undefined
                ? t.timeline.reasoning
                : t.timeline.thoughtFor(formatDuration(durationMs))}
          </span>
          <span className="min-w-0 flex-1 truncate italic">{open ? "" : excerpt(text, isStreaming)}</span>
          {step !== undefined && <StepCostLabel step={step} />}
          <span className={`shrink-0 transition-transform duration-100 ${open ? "rotate-90" : ""}`}>
            <ChevronRightIcon size={12} />
          </span>
        </button>
        {id !== undefined && <RowTools id={id} text={() => text} label={t.timeline.copyText} />}
      </div>
      {open && (
        <div className="mt-1 ml-2 border-l-2 border-line pb-1 pl-4 [&_.prose]:text-sm [&_.prose]:text-soft">
          <Markdown text={text} streaming={isStreaming} />
        </div>
      )}
    </section>
  );
}

/** The end of the text while it streams, later its beginning. */
function excerpt(text: string, fromEnd: boolean): string {
  const line = text.trim().replaceAll(/\s+/g, " ");
  return fromEnd ? line.slice(-120) : line.slice(0, 160);
}
