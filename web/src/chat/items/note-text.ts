/** The text of a note in the language of the UI, if the code of its observation says enough. */
import type { Messages } from "../../i18n/messages.ts";
import type { ItemOf } from "./item.ts";

const maxPaths = 5;

export function noteText({ text, about }: ItemOf<"note">, t: Messages): string {
  const { notes } = t.timeline;
  switch (about?.observation) {
    case "nudge":
      return notes.nudges[about.extras.reason];
    case "upload": {
      const { files, count } = about.extras;
      const paths = files.slice(0, maxPaths).map(({ path }) => path);
      return [notes.uploaded(paths.join(", ")), ...more(count - paths.length, t)].join(" ");
    }
    case "status":
      return about.extras.code === "compaction" ? notes.compaction : text;
    case "error": {
      const { code } = about.extras;
      if (code === "claim_not_shown") return notes.claimsNotVerified;
      if (code === "limit_steps" || code === "limit_cost" || code === "limit_tokens" || code === "limit_time")
        return t.composer.limitReached[code];
      return code === "interrupted" ? notes.interrupted : text;
    }
    default:
      return text;
  }
}

function more(count: number, t: Messages): readonly string[] {
  return count > 0 ? [t.common.moreItems(count)] : [];
}
