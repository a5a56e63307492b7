import { useCallback, useEffect, useRef, useState } from "react";
import type { ConversationRow } from "@deckhand/client";
import { client, useStatus } from "../server.ts";

export interface ConversationList {
  readonly rows: readonly ConversationRow[];
  /** False until the first answer. */
  readonly loaded: boolean;
  readonly hasMore: boolean;
  readonly reload: () => void;
  readonly showMore: () => void;
}

/** The list has no stream of its own yet: it is asked for again now and then, and when something here changes it. */
const everyMs = 5_000;
const page = 50;

export function useConversations(): ConversationList {
  const [rows, setRows] = useState<readonly ConversationRow[]>([]);
  const [loaded, setLoaded] = useState(false);
  const [hasMore, setHasMore] = useState(false);
  const wanted = useRef(page);
  const { state } = useStatus();

  const reload = useCallback(() => {
    load(wanted.current).then(
      (answer) => {
        setRows((present) => (JSON.stringify(present) === JSON.stringify(answer.rows) ? present : answer.rows));
        setHasMore(answer.hasMore);
        setLoaded(true);
      },
      () => {
        // The connection's own state tells the person enough; the next round asks again.
      },
    );
  }, []);
  const showMore = useCallback(() => {
    wanted.current += page;
    reload();
  }, [reload]);

  useEffect(() => {
    if (state !== "open") return;
    reload();
    const timer = setInterval(() => document.visibilityState === "visible" && reload(), everyMs);
    return () => clearInterval(timer);
  }, [state, reload]);

  return { rows, loaded, hasMore, reload, showMore };
}

async function load(wanted: number): Promise<{ rows: readonly ConversationRow[]; hasMore: boolean }> {
  const rows: ConversationRow[] = [];
  let after: string | undefined;
  do {
    const answer = await client.list({ limit: page, ...(after === undefined ? {} : { after }) });
    rows.push(...answer.conversations);
    after = answer.next ?? undefined;
  } while (after !== undefined && rows.length < wanted);
  return { rows, hasMore: after !== undefined };
}
