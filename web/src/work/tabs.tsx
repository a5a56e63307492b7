/**
 * The tabs of the work panel, in their order. A tab is loaded when it is first shown, is given the conversation and what is
 * known of it, and keeps in the address (`?tab=ID&…`) what is to survive a reload.
 */
import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import { FileDirectoryIcon, LogIcon, type Icon } from "@primer/octicons-react";
import type { ViewSnapshot } from "@deckhand/client";
import type { Words } from "../words/words.ts";

export interface WorkTabProps {
  /** Its id. */
  readonly conversation: string;
  /** What is known of it; where one looks at the past, what was known then. */
  readonly snapshot: ViewSnapshot;
  /** The event at which one looks; undefined for now. */
  readonly at?: number | undefined;
}

export interface WorkTab {
  /** Also its name in the address. */
  readonly id: string;
  readonly icon: Icon;
  readonly label: (words: Words) => string;
  readonly component: LazyExoticComponent<ComponentType<WorkTabProps>>;
  /** Whether it is there now; always without it. Cheap: asked at every change. */
  readonly shown?: (snapshot: ViewSnapshot) => boolean;
  /** A small number beside the label; nothing for 0. */
  readonly count?: (snapshot: ViewSnapshot) => number;
}

export const workTabs: readonly WorkTab[] = [
  {
    id: "files",
    icon: FileDirectoryIcon,
    label: (words) => words.work.files,
    component: lazy(async () => ({ default: (await import("./files/files-tab.tsx")).FilesTab })),
  },
  {
    id: "events",
    icon: LogIcon,
    label: (words) => words.work.events,
    component: lazy(async () => ({ default: (await import("./events/events-tab.tsx")).EventsTab })),
    count: ({ events }) => events.length,
  },
];
