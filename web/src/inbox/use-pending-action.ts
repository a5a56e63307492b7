/** The action that waits, as the card takes it: of the inbox, or of the log where it is too large for a list. */
import { useQuery } from "@tanstack/react-query";
import type { InboxItem } from "@deckhand/client";
import { isAction, type Action } from "@deckhand/protocol";
import { client } from "../server.ts";

/** Undefined while it is on its way, or where there is none. */
export function usePendingAction({ id: conversation, waiting }: InboxItem): Action | undefined {
  const { kind, id = -1, asked, expires_at: until = "" } = waiting;
  const isCut = kind === "approval" && asked?.args === null;
  const { data } = useQuery({
    queryKey: ["event", conversation, id],
    queryFn: ({ signal }) => readEvent(conversation, id, signal),
    enabled: isCut,
    staleTime: Infinity,
  });
  if (kind !== "approval" || asked === undefined) return undefined;
  if (isCut) return data ?? undefined;
  const { action, args, reasons, rules, cwd } = asked;
  const approval = { reasons, rules, expires_at: until, default: "deny", ...(cwd === undefined ? {} : { cwd }) };
  // What a newer server may ask is shown as it is.
  return { id, timestamp: "", source: "agent", message: waiting.text, action, args, approval } as unknown as Action;
}

async function readEvent(conversation: string, id: number, signal: AbortSignal): Promise<Action | null> {
  for await (const item of client.follow(conversation, { after: id - 1, signal })) {
    if (item.type === "event") return isAction(item.event) ? item.event : null;
  }
  return null;
}
