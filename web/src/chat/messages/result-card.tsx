import { CheckCircleFillIcon, XCircleFillIcon } from "@primer/octicons-react";
import type { Action, ConversationState } from "@deckhand/protocol";
import { Output } from "../../actions/output.tsx";
import { Markdown } from "../../markdown/markdown.tsx";
import { useMessages } from "../../i18n/i18n.ts";
import { ChangedFiles, Evidence } from "./evidence.tsx";
import { RowTools } from "./row-tools.tsx";

interface ResultCardProps {
  readonly action: Action<"finish" | "reject">;
  /** Later changes of files make evidence stale. */
  readonly files: ConversationState["fileChanges"];
}

/** The result of a task, finished or given up, with the evidence for it. */
export function ResultCard({ action, files }: ResultCardProps) {
  const t = useMessages();
  const isFinished = action.action === "finish";
  const Icon = isFinished ? CheckCircleFillIcon : XCircleFillIcon;
  const outputs = Object.keys(action.args.outputs).length > 0 ? JSON.stringify(action.args.outputs, null, 2) : "";
  const { evidence = [], changes } = action.action === "finish" ? action.args : {};
  return (
    <section
      aria-label={isFinished ? t.timeline.finished : t.timeline.couldNotComplete}
      className="group/row relative flex items-start pt-1"
    >
      <div
        data-row-focus
        tabIndex={-1}
        className={`min-w-0 flex-1 overflow-hidden rounded-xl border bg-panel shadow-low ${isFinished ? "border-good/40" : "border-bad/40"}`}
      >
        <div className="flex gap-2.5 px-4 py-3">
          <span className={`mt-1 shrink-0 ${isFinished ? "text-good" : "text-bad"}`}>
            <Icon size={16} />
          </span>
          <div className="min-w-0 flex-1">
            <Markdown text={action.message} />
          </div>
        </div>
        {evidence.length > 0 && <Evidence pieces={evidence} state={{ fileChanges: files }} />}
        {changes !== undefined && <ChangedFiles changes={changes} />}
        {outputs !== "" && (
          <div className="border-t border-line p-3">
            <p className="label-small mb-1">{t.timeline.outputs}</p>
            <Output
              label={t.timeline.outputs}
              text={outputs}
              tone="plain"
              language="json"
              from="start"
              growing={false}
            />
          </div>
        )}
      </div>
      <RowTools id={action.id} text={() => action.message} label={t.timeline.copyText} />
    </section>
  );
}
