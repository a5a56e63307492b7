/**
 * The tabs of the work panel, in order. A tab is loaded when it is first shown, receives the conversation and its
 * snapshot, and keeps state that should survive a reload in the URL (`?tab=ID&…`).
 */
import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import {
  BookIcon,
  BroadcastIcon,
  DiffIcon,
  FileDirectoryIcon,
  GlobeIcon,
  GraphIcon,
  LogIcon,
  ShieldLockIcon,
  TasklistIcon,
  TerminalIcon,
  type Icon,
} from "@primer/octicons-react";
import type { ViewState } from "@deckhand/client";
import { isAction } from "@deckhand/protocol";
import type { Messages } from "../i18n/messages.ts";
import { openTasks } from "./plan/plan.ts";
import type { WorkTabProps } from "./tab-props.ts";

export interface WorkTab {
  /** Also its name in the URL. */
  readonly id: string;
  /** The key that opens the tab after `w`. */
  readonly letter: string;
  readonly icon: Icon;
  readonly label: (t: Messages) => string;
  readonly component: LazyExoticComponent<ComponentType<WorkTabProps>>;
  /** Whether the tab is visible; always if undefined. Must be cheap: it runs on every change. */
  readonly shown?: (snapshot: ViewState) => boolean;
  /** A badge beside the label; hidden for 0. */
  readonly count?: (snapshot: ViewState) => number;
}

/** Shows a tab once one of these actions is in the log. */
const hasAction =
  (...kinds: readonly string[]) =>
  ({ events }: ViewState): boolean =>
    events.some((event) => isAction(event) && kinds.includes(event.action));

export const workTabs: readonly WorkTab[] = [
  {
    id: "changes",
    letter: "c",
    icon: DiffIcon,
    label: (t) => t.work.tabs.changes,
    component: lazy(async () => ({ default: (await import("./changes/changes-tab.tsx")).ChangesTab })),
  },
  {
    id: "files",
    letter: "f",
    icon: FileDirectoryIcon,
    label: (t) => t.work.tabs.files,
    component: lazy(async () => ({ default: (await import("./files/files-tab.tsx")).FilesTab })),
  },
  {
    id: "terminal",
    letter: "t",
    icon: TerminalIcon,
    label: (t) => t.work.tabs.terminal,
    component: lazy(async () => ({ default: (await import("./terminal/terminal-tab.tsx")).TerminalTab })),
    count: ({ state }) => state.terminals.length,
  },
  {
    id: "plan",
    letter: "l",
    icon: TasklistIcon,
    label: (t) => t.work.tabs.plan,
    component: lazy(async () => ({ default: (await import("./plan/plan-tab.tsx")).PlanTab })),
    shown: hasAction("plan"),
    count: ({ events }) => openTasks(events),
  },
  {
    id: "browser",
    letter: "b",
    icon: GlobeIcon,
    label: (t) => t.work.tabs.browser,
    component: lazy(async () => ({ default: (await import("./browser/browser-tab.tsx")).BrowserTab })),
    shown: hasAction("browse", "browse_interactive"),
  },
  {
    id: "notebook",
    letter: "n",
    icon: BookIcon,
    label: (t) => t.work.tabs.notebook,
    component: lazy(async () => ({ default: (await import("./notebook/notebook-tab.tsx")).NotebookTab })),
    shown: hasAction("run_ipython"),
  },
  {
    id: "ports",
    letter: "p",
    icon: BroadcastIcon,
    label: (t) => t.work.tabs.ports,
    component: lazy(async () => ({ default: (await import("./ports/ports-tab.tsx")).PortsTab })),
  },
  {
    id: "costs",
    letter: "m",
    icon: GraphIcon,
    label: (t) => t.work.tabs.costs,
    component: lazy(async () => ({ default: (await import("./costs/costs-tab.tsx")).CostsTab })),
  },
  {
    id: "sandbox",
    letter: "s",
    icon: ShieldLockIcon,
    label: (t) => t.work.tabs.sandbox,
    component: lazy(async () => ({ default: (await import("./sandbox/sandbox-tab.tsx")).SandboxTab })),
    count: ({ state }) => state.jobs.length,
  },
  {
    id: "events",
    letter: "e",
    icon: LogIcon,
    label: (t) => t.work.tabs.events,
    component: lazy(async () => ({ default: (await import("./events/events-tab.tsx")).EventsTab })),
  },
];

/** The tabs that are visible for this state. */
export function visibleTabs(snapshot: ViewState): readonly WorkTab[] {
  return workTabs.filter(({ shown }) => shown === undefined || shown(snapshot));
}
