/** The action that waits for approval: from the inbox item, or from the log if it is too large for the inbox. */
import { useQuery } from "@tanstack/react-query";
import type { InboxItem } from "@deckhand/client";
import { isAction, type Action } from "@deckhand/protocol";
import { client } from "../server.ts";

/** Undefined while it is loading or if there is none. */
export function usePendingAction({ id: conversation, waiting }: InboxItem): Action | undefined {
  const { kind, id = -1, asked, expires_at: until = "" } = waiting;
  const isOmitted = kind === "approval" && asked?.args === null;
  const { data } = useQuery({
    queryKey: ["event", conversation, id],
    queryFn: ({ signal }) => readEvent(conversation, id, signal),
    enabled: isOmitted,
    staleTime: Infinity,
  });
  if (kind !== "approval" || asked === undefined) return undefined;
  if (isOmitted) return data ?? undefined;
  const { action, args, reasons, rules, cwd } = asked;
  const approval = { reasons, rules, expires_at: until, default: "deny", ...(cwd === undefined ? {} : { cwd }) };
  // Kinds of actions that only a newer server knows are shown as they are.
  return { id, timestamp: "", source: "agent", message: waiting.text, action, args, approval } as unknown as Action;
}

async function readEvent(conversation: string, id: number, signal: AbortSignal): Promise<Action | null> {
  for await (const item of client.follow(conversation, { after: id - 1, signal })) {
    if (item.type === "event") return isAction(item.event) ? item.event : null;
  }
  return null;
}
