import { Markdown } from "../../markdown/markdown.tsx";
import { useMessages } from "../../i18n/i18n.ts";
import type { StepCost } from "../items/item.ts";
import { RowTools } from "./row-tools.tsx";
import { StepUsage } from "./step-usage.tsx";

interface AgentMessageProps {
  readonly id: number | undefined;
  readonly text: string;
  readonly step: StepCost | undefined;
}

/** Text of the model, streaming or complete: one component, so that its elements are kept in between. */
export function AgentMessage({ id, text, step }: AgentMessageProps) {
  const t = useMessages();
  return (
    <div className="group/row relative">
      <div className="flex items-start">
        <div data-row-focus tabIndex={-1} className="min-w-0 flex-1 rounded-md">
          <Markdown text={text} streaming={id === undefined} />
        </div>
        {id !== undefined && <RowTools id={id} text={() => text} label={t.timeline.copyText} />}
      </div>
      {/* The space is reserved while text streams. */}
      {(step !== undefined || id === undefined) && (
        <div className="h-4.5 pt-1">{step !== undefined && <StepUsage step={step} />}</div>
      )}
    </div>
  );
}
