import { useWords } from "../words/words.ts";
import type { Row } from "./rows.ts";

interface AnnouncerProps {
  readonly rows: readonly Row[];
  readonly working: boolean;
}

/** Characters read out of one message; the whole is in the list. */
const mostText = 300;

/** What screen readers hear of the progress: each message of the agent once, when it is whole. Rows that scroll into sight are not news. */
export function Announcer({ rows, working }: AnnouncerProps) {
  const { chat: words } = useWords();
  const last = rows.findLast((row) => row.type === "says" || row.type === "done");
  const text = last === undefined ? "" : last.type === "done" ? last.action.message : last.text;
  return (
    <p aria-live="polite" aria-atomic="true" className="sr-only">
      {working || last?.type === "done" ? `${words.agent}: ${text.slice(0, mostText)}` : ""}
    </p>
  );
}
