import { useMemo } from "react";
import { HistoryIcon, SidebarCollapseIcon, SidebarExpandIcon } from "@primer/octicons-react";
import { useCommands, type Command } from "../shell/commands.ts";
import { PageHeader } from "../shell/page-frame.tsx";
import { setPreferences, usePreferences } from "../shell/preferences.ts";
import { IconButton } from "../ui/button.tsx";
import { useMessages } from "../i18n/i18n.ts";

interface ConversationHeaderProps {
  readonly title: string;
  /** Whether an earlier event is viewed. */
  readonly isHistory: boolean;
  /** Undefined while there are no events. */
  readonly onToggleHistory: (() => void) | undefined;
}

export function ConversationHeader({ title, isHistory, onToggleHistory }: ConversationHeaderProps) {
  const t = useMessages();
  const { workOpen } = usePreferences();
  useCommands(
    useMemo((): readonly Command[] => {
      if (onToggleHistory === undefined) return [];
      const label: Command["label"] = (messages) =>
        isHistory ? messages.history.returnToLatest : messages.history.open;
      return [{ id: "history", group: "conversation", label, keys: ["t"], run: onToggleHistory }];
    }, [isHistory, onToggleHistory]),
  );
  return (
    <PageHeader
      title={title}
      actions={
        <>
          <IconButton
            icon={HistoryIcon}
            label={isHistory ? t.history.returnToLatest : t.history.open}
            keys="t"
            aria-pressed={isHistory}
            disabled={onToggleHistory === undefined}
            onClick={onToggleHistory}
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
