import { memo } from "react";
import { ActionCard } from "../actions/action-card.tsx";
import { isSame, type Item } from "./items.ts";

interface MessageProps {
  readonly item: Item;
  /** Not taken in by the agent yet. */
  readonly queued: boolean;
  /** Output of the action so far. */
  readonly live: string | undefined;
  /** An action that has to be allowed first. */
  readonly waiting: boolean;
}

export const Message = memo(
  DrawnMessage,
  (a, b) => isSame(a.item, b.item) && a.queued === b.queued && a.live === b.live && a.waiting === b.waiting,
);

function DrawnMessage({ item, queued, live, waiting }: MessageProps) {
  switch (item.type) {
    case "user":
      return (
        <div className="flex flex-col items-end gap-1">
          <div className={`max-w-[85%] rounded-2xl bg-mine px-4 py-2 ${queued ? "opacity-70" : ""}`}>
            <span className="sr-only">You: </span>
            <p className="plain-text">{item.text}</p>
            {item.images.filter(isEmbedded).map((image) => (
              <img key={image} src={image} alt="Sent with the message" className="mt-2 max-h-64 rounded-lg" />
            ))}
          </div>
          {queued && <span className="text-xs text-muted">Queued</span>}
        </div>
      );
    case "agent":
      return <AgentMessage text={item.text} tone={item.tone} />;
    case "thought":
      return <p className="plain-text text-ink/80">{item.text}</p>;
    case "action":
      return <ActionCard action={item.action} observation={item.observation} live={live} waiting={waiting} />;
    case "note":
      return (
        <p className={`plain-text rounded-lg px-3 py-1.5 text-sm ${noteColours[item.tone]}`}>
          {item.tone === "bad" && <span className="sr-only">Error: </span>}
          {item.text}
        </p>
      );
  }
}

const noteColours = {
  quiet: "text-center text-muted",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
} as const;

function AgentMessage({ text, tone }: { readonly text: string; readonly tone: "says" | "done" | "refuses" }) {
  if (tone === "says") return <p className="plain-text">{text}</p>;
  const [mark, colour] = tone === "done" ? ["✓", "border-good/50"] : ["✕", "border-bad/50"];
  return (
    <div className={`flex gap-3 rounded-2xl border bg-panel px-4 py-2.5 ${colour}`}>
      <span aria-hidden="true" className={tone === "done" ? "text-good" : "text-bad"}>
        {mark}
      </span>
      <p className="plain-text min-w-0">{text}</p>
    </div>
  );
}

/** Pictures come with the message or not at all: the page fetches nothing from elsewhere. */
function isEmbedded(url: string): boolean {
  return url.startsWith("data:image/");
}
