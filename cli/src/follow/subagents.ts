/** Follows the children of a conversation, and theirs, from when they are told of until the signal aborts. */
import type { Client } from "@deckhand/client";
import { isAction, type Event } from "@deckhand/protocol";

export type OnSubagentEvent = (agent: string, event: Event) => void;

/** Returns what has to see the events of the parent. One that is gone, or cannot be followed, says nothing. */
export function followSubagents(client: Client, tell: OnSubagentEvent, signal: AbortSignal): (event: Event) => void {
  const known = new Set<string>();
  const see = (event: Event): void => {
    if (isAction(event) || event.observation !== "child") return;
    const { conversation, agent } = event.extras;
    if (known.has(conversation)) return;
    known.add(conversation);
    void follow(conversation, agent).catch(() => {});
  };
  const follow = async (conversation: string, agent: string): Promise<void> => {
    for await (const item of client.follow(conversation, { signal })) {
      if (item.type !== "event") continue;
      tell(agent, item.event);
      see(item.event);
    }
  };
  return see;
}
