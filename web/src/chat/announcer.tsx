import { useEffect, useState } from "react";
import { useMessages } from "../i18n/i18n.ts";
import type { Row } from "./items/rows.ts";

interface AnnouncerProps {
  readonly rows: readonly Row[];
  readonly working: boolean;
}

/** Characters read out of one message; the whole is in the list. */
const maxChars = 300;
/** Of several in a row the last is read out; and what has been read out is taken away again. */
const settledMs = 1_000;

/** What screen readers hear of the progress: each message of the agent once, when it is whole. Rows that scroll into sight are not news. */
export function Announcer({ rows, working }: AnnouncerProps) {
  const t = useMessages();
  const last = rows.findLast((row) => row.type === "message" || row.type === "result");
  const text = last === undefined ? "" : last.type === "result" ? last.action.message : last.text;
  const [spoken, setSpoken] = useState("");
  // What was said before one came is no news.
  const [heard, setHeard] = useState(working ? "" : text);
  if (!working && heard === "" && spoken === "" && text !== "") setHeard(text);
  useEffect(() => {
    if (text === "" || text === heard) return;
    const speak = setTimeout(() => setSpoken(text.slice(0, maxChars)), settledMs);
    const forget = setTimeout(() => {
      setSpoken("");
      setHeard(text);
    }, 2 * settledMs);
    return () => {
      clearTimeout(speak);
      clearTimeout(forget);
    };
  }, [text, heard]);
  return (
    <p aria-live="polite" aria-atomic="true" className="sr-only">
      {spoken === "" ? "" : `${t.common.agent}: ${spoken}`}
    </p>
  );
}
