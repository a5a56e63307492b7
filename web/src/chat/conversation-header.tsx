import { useMemo } from "react";
import { HistoryIcon, SidebarCollapseIcon, SidebarExpandIcon } from "@primer/octicons-react";
import { useCommands, type Command } from "../shell/commands.ts";
import { PageHeader } from "../shell/page-frame.tsx";
import { setPreferences, usePreferences } from "../shell/preferences.ts";
import { IconButton } from "../ui/button.tsx";
import { useMessages } from "../i18n/i18n.ts";

interface ConversationHeaderProps {
  readonly title: string;
  /** One looks at the past. */
  readonly isHistory: boolean;
  /** Undefined while there is none. */
  readonly onToggleHistory: (() => void) | undefined;
}

export function ConversationHeader({ title, isHistory: past, onToggleHistory: onPast }: ConversationHeaderProps) {
  const t = useMessages();
  const { workOpen } = usePreferences();
  useCommands(
    useMemo((): readonly Command[] => {
      if (onPast === undefined) return [];
      const label: Command["label"] = (messages) => (past ? messages.history.returnToLatest : messages.history.open);
      return [{ id: "past", group: "conversation", label, keys: ["t"], run: onPast }];
    }, [past, onPast]),
  );
  return (
    <PageHeader
      title={title}
      actions={
        <>
          <IconButton
            icon={HistoryIcon}
            label={past ? t.history.returnToLatest : t.history.open}
            keys="t"
            aria-pressed={past}
            disabled={onPast === undefined}
            onClick={onPast}
          />
          <IconButton
            icon={workOpen ? SidebarCollapseIcon : SidebarExpandIcon}
            label={workOpen ? t.app.collapsePanel : t.app.expandPanel}
            keys="mod+j"
            className="max-md:hidden"
            onClick={() => setPreferences({ workOpen: !workOpen })}
          />
        </>
      }
    />
  );
}
