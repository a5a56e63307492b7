import { createElement } from "react";
import {
  BrowserIcon,
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

export function ActionIcon({ action }: { readonly action: string }) {
  return createElement(icons[action] ?? ToolsIcon, { size: 14 });
}
