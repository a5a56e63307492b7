import { useMemo } from "react";
import { conversationUrl, navigate } from "../urls.ts";
import { useCommands, type Command } from "../shell/commands.ts";

/** From one to the next by key. `order`: the ids with blanks between them, so that it is the same while nothing changes. */
export function useInboxKeys(order: string, current: string | undefined, choose: (id: string) => void): void {
  useCommands(useMemo(() => commandsFor(order, current, choose), [order, current, choose]));
}

function commandsFor(order: string, current: string | undefined, choose: (id: string) => void): readonly Command[] {
  if (current === undefined) return [];
  const ids = order.split(" ");
  const move = (by: number): void => {
    const next = ids[ids.indexOf(current) + by];
    if (next === undefined) return;
    choose(next);
    document.getElementById(`inbox-${next}`)?.scrollIntoView({ block: "nearest" });
  };
  return [
    { id: "inbox-next", group: "go", label: (t) => t.inbox.nextItem, keys: ["j"], run: () => move(1) },
    { id: "inbox-before", group: "go", label: (t) => t.inbox.previousItem, keys: ["k"], run: () => move(-1) },
    {
      id: "inbox-open",
      group: "go",
      label: (t) => t.inbox.openConversation,
      keys: ["o"],
      run: () => navigate(conversationUrl(current)),
    },
  ];
}
