import { useMemo } from "react";
import { conversationAddress, go } from "../address.ts";
import { useCommands, type Command } from "../shell/commands.ts";
import { showPane } from "../shell/panes.ts";
import { prefer } from "../shell/preferences.ts";
import { workTabs } from "./tabs.tsx";

/** A tab of the work by key, whether the panel is open or not: `w`, then its letter. `shown`: the ids of those that are there. */
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
              prefer({ workOpen: true });
              showPane("work");
              go(conversationAddress(conversation, { tab: id }), { replace: true });
            },
          })),
      [conversation, shown],
    ),
  );
}
