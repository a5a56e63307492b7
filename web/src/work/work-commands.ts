import { useMemo } from "react";
import { conversationUrl, navigate } from "../urls.ts";
import { useCommands, type Command } from "../shell/commands.ts";
import { showPane } from "../shell/panes.ts";
import { setPreferences } from "../shell/preferences.ts";
import { workTabs } from "./tabs.tsx";

/** Commands that open a work tab by key (`w`, then its letter). `shown`: ids of the visible tabs. */
export function useWorkCommands(conversation: string, shown: string): void {
  useCommands(
    useMemo(
      () =>
        workTabs
          .filter(({ id }) => shown.split(" ").includes(id))
          .map(({ id, letter, label }): Command => ({
            id: `work-${id}`,
            group: "work",
            label,
            keys: [`w ${letter}`],
            run: () => {
              setPreferences({ workOpen: true });
              showPane("work");
              navigate(conversationUrl(conversation, { tab: id }), { replace: true });
            },
          })),
      [conversation, shown],
    ),
  );
}
