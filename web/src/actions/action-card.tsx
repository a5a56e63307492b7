import { createElement, useState } from "react";
import {
  BrowserIcon,
  ChevronRightIcon,
  CodeIcon,
  FileIcon,
  GlobeIcon,
  HistoryIcon,
  PencilIcon,
  PeopleIcon,
  PlusIcon,
  ProjectRoadmapIcon,
  SearchIcon,
  TasklistIcon,
  TerminalIcon,
  ToolsIcon,
  type Icon,
} from "@primer/octicons-react";
import { allowedBySentence, type Action, type ChildReport, type Observation } from "@deckhand/protocol";
import type { StepCost } from "../chat/items/item.ts";
import { RowTools } from "../chat/messages/row-tools.tsx";
import { StepCostLabel } from "../chat/messages/step-usage.tsx";
import { Spinner } from "../ui/progress.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { cardPartsOf } from "./card-parts.ts";
import { PartView } from "./part-view.tsx";
import { summaryOf, type Summary } from "./summary.ts";

interface ActionCardProps {
  readonly action: Action;
  readonly observation: Observation | undefined;
  /** Output so far, until there is an observation. */
  readonly live: string | undefined;
  /** The action needs approval before it runs. */
  readonly waiting: boolean;
  readonly step: StepCost | undefined;
  /** The subagent of a delegated task. */
  readonly child: ChildReport | undefined;
}

/** The summary line of an action. Commands, edits, plans and failures are expanded initially, the others on a click. */
export function ActionCard({ action, observation, live, waiting, step, child }: ActionCardProps) {
  const t = useMessages();
  const summary = summaryOf(action, observation, t);
  const card = cardPartsOf(action, observation, live, t, child);
  const [toggled, setToggled] = useState<boolean>();
  const canExpand = card.parts.length > 0;
  const open = canExpand && (toggled ?? card.openInitially);
  const allowedBy = allowedBySentence(action);
  const row = "flex min-w-0 flex-1 items-center gap-2 rounded-md px-1.5 py-1 text-left text-sm";
  const line = (
    <>
      <Mark kind={action.action} tone={waiting ? "waiting" : summary.tone} />
      <span className="shrink-0 font-medium">{summary.verb}</span>
      <code className="min-w-0 flex-1 truncate text-soft">{oneLine(summary.target)}</code>
      <Result summary={summary} waiting={waiting} />
      {step !== undefined && <StepCostLabel step={step} />}
    </>
  );
  return (
    <section aria-label={summary.verb} className="group/row relative">
      <div className="-mx-1.5 flex items-center">
        {canExpand ? (
          <button
            type="button"
            data-row-focus
            className={`${row} hover:bg-raised`}
            aria-expanded={open}
            onClick={() => setToggled(!open)}
          >
            {line}
            <span className={`shrink-0 text-muted transition-transform duration-100 ${open ? "rotate-90" : ""}`}>
              <ChevronRightIcon size={12} />
            </span>
          </button>
        ) : (
          <div data-row-focus tabIndex={-1} className={row}>
            {line}
            <span className="w-3 shrink-0" />
          </div>
        )}
        <RowTools id={action.id} text={() => copyTextOf(action)} label={t.actions.copyCommand} />
      </div>
      {allowedBy !== "" && <p className="plain-text pb-1 pl-6 text-xs text-muted">{allowedBy}</p>}
      {open && (
        <div className="mt-0.5 mb-1 ml-6 flex flex-col gap-1.5">
          {card.parts.map((part, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- the parts of a card keep their order
            <PartView key={`${part.type}${index}`} part={part} growing={observation === undefined} />
          ))}
        </div>
      )}
    </section>
  );
}

function Mark({ kind, tone }: { readonly kind: string; readonly tone: Summary["tone"] | "waiting" }) {
  const t = useMessages();
  if (tone === "open") return <Spinner label={t.actions.running} size={16} />;
  const colour = { waiting: "text-warn", bad: "text-bad", good: "text-muted", plain: "text-muted" }[tone];
  return (
    <span className={`w-4 shrink-0 text-center ${colour}`}>
      <ActionIcon action={kind} />
    </span>
  );
}

function Result({ summary, waiting }: { readonly summary: Summary; readonly waiting: boolean }) {
  const t = useMessages();
  if (waiting) return <span className="shrink-0 text-xs font-medium text-warn">{t.actions.waitingForApproval}</span>;
  const { result, duration, tone } = summary;
  if (result === "" && duration === "") return null;
  return (
    <span className="flex shrink-0 gap-1.5 text-xs text-muted tabular-nums">
      {result !== "" && <span className={tone === "bad" ? "font-medium text-bad" : ""}>{result}</span>}
      {duration !== "" && <span>{result === "" ? duration : `· ${duration}`}</span>}
    </span>
  );
}

/** The text that the copy button copies. */
function copyTextOf(action: Action): string {
  switch (action.action) {
    case "run":
      return action.args.command;
    case "read":
    case "write":
    case "edit":
      return action.args.path;
    case "browse":
      return action.args.url;
    case "run_ipython":
      return action.args.code;
    default:
      return JSON.stringify(action.args, null, 2);
  }
}

function oneLine(text: string): string {
  return text.trim().replaceAll("\n", " ⏎ ").slice(0, 300);
}

const icons: Readonly<Record<string, Icon>> = {
  run: TerminalIcon,
  job: ProjectRoadmapIcon,
  read: FileIcon,
  write: PlusIcon,
  edit: PencilIcon,
  search: SearchIcon,
  browse: GlobeIcon,
  plan: TasklistIcon,
  run_ipython: CodeIcon,
  browse_interactive: BrowserIcon,
  delegate: PeopleIcon,
  call_tool: ToolsIcon,
  restore: HistoryIcon,
};

function ActionIcon({ action }: { readonly action: string }) {
  return createElement(icons[action] ?? ToolsIcon, { size: 14 });
}
