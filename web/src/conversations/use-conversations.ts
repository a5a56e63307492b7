import { useCallback, useEffect, useRef, useState } from "react";
import type { ConversationRow } from "@deckhand/client";
import { client, useStatus } from "../server.ts";

export interface ConversationList {
  readonly rows: readonly ConversationRow[];
  /** False until the first answer. */
  readonly loaded: boolean;
  readonly hasMore: boolean;
  /** Only these are listed; empty for all. */
  readonly query: string;
  readonly search: (query: string) => void;
  /** Of any that was listed before, whatever is searched for now. */
  readonly titleOf: (conversation: string | undefined) => string;
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
  const [query, setQuery] = useState("");
  const wanted = useRef({ count: page, query: "" });
  const titles = useRef(new Map<string, string>());
  const { state } = useStatus();

  const reload = useCallback(() => {
    const asked = wanted.current;
    load(asked.count, asked.query).then(
      (answer) => {
        for (const { id, title } of answer.rows) titles.current.set(id, title);
        // Something else is searched for by now, and its answer comes.
        if (asked.query !== wanted.current.query) return;
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
    wanted.current = { ...wanted.current, count: wanted.current.count + page };
    reload();
  }, [reload]);
  const search = useCallback(
    (next: string) => {
      setQuery(next);
      wanted.current = { count: page, query: next };
      reload();
    },
    [reload],
  );
  const titleOf = useCallback((id: string | undefined) => (id === undefined ? "" : (titles.current.get(id) ?? "")), []);

  useEffect(() => {
    if (state !== "open") return;
    reload();
    const timer = setInterval(() => document.visibilityState === "visible" && reload(), everyMs);
    return () => clearInterval(timer);
  }, [state, reload]);

  return { rows, loaded, hasMore, query, search, titleOf, reload, showMore };
}

async function load(wanted: number, query: string): Promise<{ rows: readonly ConversationRow[]; hasMore: boolean }> {
  const rows: ConversationRow[] = [];
  let after: string | undefined;
  do {
    const answer = await client.list({ limit: page, query, ...(after === undefined ? {} : { after }) });
    rows.push(...answer.conversations);
    after = answer.next ?? undefined;
  } while (after !== undefined && rows.length < wanted);
  return { rows, hasMore: after !== undefined };
}
