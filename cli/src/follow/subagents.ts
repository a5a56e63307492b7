import type { Client } from "@deckhand/client";
import { isAction, type Event } from "@deckhand/protocol";

/**
 * Follows the subagents of a conversation, and theirs, until the signal aborts. The returned function has to be called
 * with each event of the parent. A subagent that was deleted or cannot be followed is skipped silently.
 */
export function followSubagents(
  client: Client,
  onEvent: (agent: string, event: Event) => void,
  signal: AbortSignal,
): (event: Event) => void {
  const followed = new Set<string>();
  const followIfSubagent = (event: Event): void => {
    if (isAction(event) || event.observation !== "child") return;
    const { conversation, agent } = event.extras;
    if (followed.has(conversation)) return;
    followed.add(conversation);
    void follow(conversation, agent).catch(() => {});
  };
  const follow = async (conversation: string, agent: string): Promise<void> => {
    for await (const item of client.follow(conversation, { signal })) {
      if (item.type !== "event") continue;
      onEvent(agent, item.event);
      followIfSubagent(item.event);
    }
  };
  return followIfSubagent;
}
