import { Output } from "./output.tsx";
import type { Part } from "./card-parts.ts";
import { SubagentCard } from "./subagent-card.tsx";
import { DiffView } from "../diff/diff-view.tsx";
import { PlanList } from "./plan-list.tsx";
import { useMessages } from "../i18n/i18n.ts";

/** One part of the expanded card of an action. */
export function PartView({ part, growing }: { readonly part: Part; readonly growing: boolean }) {
  const t = useMessages();
  switch (part.type) {
    case "diff":
      return (
        <div className="overflow-hidden rounded-lg border border-line">
          <DiffView path={part.path} patch={part.patch} maxLines={28} />
        </div>
      );
    case "plan":
      return <PlanList tasks={part.tasks} />;
    case "image":
      return (
        <img
          src={part.url}
          alt={t.actions.result}
          className="max-h-112 w-fit max-w-full rounded-lg border border-line"
        />
      );
    case "child":
      return <SubagentCard child={part.child} />;
    case "text":
      return (
        <Output
          label={part.label}
          text={part.text}
          tone={part.tone}
          language={part.language}
          from={part.from}
          growing={growing && part.from === "end"}
        />
      );
  }
}
