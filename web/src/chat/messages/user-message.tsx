import { useMemo, useState } from "react";
import { shortenLines } from "../../actions/output-text.ts";
import { useMessages } from "../../i18n/i18n.ts";
import { RowTools } from "./row-tools.tsx";

interface UserMessageProps {
  readonly id: number | undefined;
  readonly text: string;
  readonly images: readonly string[];
  /** Why the agent has not received it yet. */
  readonly pending?: "queued" | "unsent";
}

/** Longer messages, such as pasted files, are collapsed to this number of lines. */
const collapsedLines = 24;

/** A message of the user. */
export function UserMessage({ id, text, images, pending }: UserMessageProps) {
  const t = useMessages();
  const [all, setAll] = useState(false);
  const short = useMemo(() => shortenLines(text, collapsedLines, "start"), [text]);
  return (
    <div className="group/row relative flex flex-col items-end gap-1 pt-2">
      <div className="flex w-full items-start justify-end">
        <div
          data-row-focus
          tabIndex={-1}
          className={`max-w-[min(36rem,88%)] min-w-0 rounded-2xl rounded-br-md px-3.5 py-2 ${
            pending === undefined ? "bg-mine" : "border border-dashed border-strong"
          }`}
        >
          <span className="sr-only">{t.common.you}: </span>
          <p className="plain-text text-prose">{all || short === undefined ? text : `${short.text}\n…`}</p>
          {short !== undefined && (
            <button
              type="button"
              aria-expanded={all}
              className="mt-1 text-xs font-medium text-accent hover:underline"
              onClick={() => setAll(!all)}
            >
              {all ? t.common.showLess : t.common.showAllLines(short.lines)}
            </button>
          )}
          {images.filter(isEmbedded).map((image) => (
            <img
              key={image.slice(-80)}
              src={image}
              alt={t.timeline.attachedImage}
              className="mt-2 max-h-64 rounded-lg"
            />
          ))}
        </div>
        {id !== undefined && <RowTools id={id} text={() => text} label={t.timeline.copyText} />}
      </div>
      {pending === "queued" && (
        <p className="text-xs text-muted">
          <span className="font-medium text-warn">{t.timeline.queued}</span> · {t.timeline.queuedDescription}
        </p>
      )}
      {pending === "unsent" && <p className="text-xs text-muted">{t.timeline.sending}</p>}
    </div>
  );
}

/** Only embedded images are shown: the UI loads nothing from other hosts. */
function isEmbedded(url: string): boolean {
  return url.startsWith("data:image/");
}
