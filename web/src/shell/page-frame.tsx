import type { ReactNode } from "react";
import { SidebarCollapseIcon, SidebarExpandIcon } from "@primer/octicons-react";
import { IconButton } from "../ui/button.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { setPreferences, usePreferences } from "./preferences.ts";

interface PageHeaderProps {
  readonly title: ReactNode;
  /** On the right. */
  readonly actions?: ReactNode;
}

/** The header of every page, with a button that expands a collapsed sidebar. */
export function PageHeader({ title, actions }: PageHeaderProps) {
  const t = useMessages();
  const { sidebarOpen } = usePreferences();
  return (
    <header className="flex h-11 shrink-0 items-center gap-2 border-b border-line px-3">
      {!sidebarOpen && (
        <IconButton
          icon={SidebarCollapseIcon}
          label={t.app.expandSidebar}
          keys="mod+b"
          className="max-md:hidden"
          onClick={() => setPreferences({ sidebarOpen: true })}
        />
      )}
      <h1 className="min-w-0 flex-1 truncate px-1 text-sm font-semibold">{title}</h1>
      {actions}
    </header>
  );
}

/** A page with a header and a scrolling column. */
export function PageFrame({
  title,
  actions,
  wide = false,
  children,
}: PageHeaderProps & { readonly wide?: boolean; readonly children: ReactNode }) {
  return (
    <main className="flex min-h-0 flex-1 flex-col">
      <PageHeader title={title} actions={actions} />
      <div className="flex min-h-0 flex-1 flex-col overflow-y-auto">
        <div className={`mx-auto flex w-full flex-1 flex-col px-5 py-6 ${wide ? "max-w-6xl" : "max-w-3xl"}`}>
          {children}
        </div>
      </div>
    </main>
  );
}

export function CollapseSidebarButton() {
  const t = useMessages();
  return (
    <IconButton
      icon={SidebarExpandIcon}
      label={t.app.collapseSidebar}
      keys="mod+b"
      className="max-md:hidden"
      onClick={() => setPreferences({ sidebarOpen: false })}
    />
  );
}
