import { useEffect, useState } from "react";
import { useMessages } from "../i18n/i18n.ts";
import type { Row } from "./items/rows.ts";

interface AnnouncerProps {
  readonly rows: readonly Row[];
  readonly working: boolean;
}

/** The maximum number of characters announced per message; the timeline has the full text. */
const maxChars = 300;
/** Only the last of several messages in a row is announced; announced text is then removed again. */
const settleMs = 1_000;

/** Announces each complete message of the agent to screen readers once. Scrolling announces nothing. */
export function Announcer({ rows, working }: AnnouncerProps) {
  const t = useMessages();
  const last = rows.findLast((row) => row.type === "message" || row.type === "result");
  const text = last === undefined ? "" : last.type === "result" ? last.action.message : last.text;
  const [announcement, setAnnouncement] = useState("");
  // Messages from before the conversation was opened are not announced.
  const [announced, setAnnounced] = useState(working ? "" : text);
  if (!working && announced === "" && announcement === "" && text !== "") setAnnounced(text);
  useEffect(() => {
    if (text === "" || text === announced) return;
    const announce = setTimeout(() => setAnnouncement(text.slice(0, maxChars)), settleMs);
    const clear = setTimeout(() => {
      setAnnouncement("");
      setAnnounced(text);
    }, 2 * settleMs);
    return () => {
      clearTimeout(announce);
      clearTimeout(clear);
    };
  }, [text, announced]);
  return (
    <p aria-live="polite" aria-atomic="true" className="sr-only">
      {announcement === "" ? "" : `${t.common.agent}: ${announcement}`}
    </p>
  );
}
