import { useState } from "react";
import type { Action } from "@deckhand/protocol";
import { Button } from "../ui/button.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { requestedActionOf, type RequestedAction } from "./requested-action.ts";
import { EscapedText } from "./escaped-text.tsx";

/** Characters of it that are shown at first; beyond them one has to ask for the rest before one can allow it. */
export const maxInitialChars = 4_000;

interface RequestedActionViewProps {
  readonly action: Action;
  /** All of it is in sight, or was asked for. */
  readonly whole: boolean;
  readonly onWhole: () => void;
}

export function sizeOf(action: Action): number {
  return JSON.stringify(action.args).length;
}

/** What may or may not happen, exactly. */
export function RequestedActionView({ action, whole, onWhole }: RequestedActionViewProps) {
  const t = useMessages();
  const asked = requestedActionOf(action);
  const [wide, setWide] = useState(false);
  return (
    <div className="relative">
      <div
        tabIndex={0}
        role="group"
        aria-label={t.approval.requestedAction}
        className={`overflow-auto rounded-lg border border-line bg-code text-sm ${wide ? "max-h-[60dvh]" : "max-h-64"}`}
      >
        {asked.type === "change" && (
          <p className="sticky top-0 border-b border-line bg-code px-3 py-1.5 font-mono text-xs text-soft">
            <EscapedText text={asked.path} />
          </p>
        )}
        <div className={whole ? "" : "max-h-40 overflow-hidden"}>
          <Body asked={asked} />
          {asked.type === "command" && action.approval?.cwd !== undefined && (
            <p className="px-3 pb-2 text-xs text-muted">
              {t.approval.inFolder}{" "}
              <code className="break-all">
                <EscapedText text={action.approval.cwd} />
              </code>
            </p>
          )}
        </div>
      </div>
      {!whole && (
        <Button
          size="small"
          className="mt-2"
          onClick={() => {
            setWide(true);
            onWhole();
          }}
        >
          {t.approval.showAll}
        </Button>
      )}
    </div>
  );
}

function Body({ asked }: { readonly asked: RequestedAction }) {
  const text = "plain-text px-3 py-2 font-mono";
  switch (asked.type) {
    case "command":
      return (
        <pre className={text}>
          <span aria-hidden="true" className="text-muted select-none">
            ${" "}
          </span>
          <EscapedText text={asked.command} />
          {asked.more !== "" && <RemainingArgs text={asked.more} />}
        </pre>
      );
    case "change":
      return (
        <pre className="py-1 font-mono">
          {asked.lines.map(({ sign, text: line }, at) => (
            // oxlint-disable-next-line react/no-array-index-key -- the lines of one text
            <span key={at} className={`block px-3 break-words whitespace-pre-wrap ${tones[sign]}`}>
              <span aria-hidden="true" className="select-none">
                {sign}{" "}
              </span>
              <EscapedText text={line} />
            </span>
          ))}
          {asked.more !== "" && (
            <span className="block px-3">
              <RemainingArgs text={asked.more} />
            </span>
          )}
        </pre>
      );
    case "address":
      return (
        <div className="px-3 py-2">
          {asked.host !== "" && (
            <p className="font-mono font-semibold">
              <EscapedText text={asked.host} />
            </p>
          )}
          <p className="plain-text font-mono text-soft">
            <EscapedText text={asked.url} />
          </p>
        </div>
      );
    case "call":
      return (
        <div className="px-3 py-2">
          <p className="font-mono font-semibold">
            <EscapedText text={asked.name} />
          </p>
          <pre className="plain-text font-mono text-soft">
            <EscapedText text={asked.args} />
          </pre>
        </div>
      );
    case "other":
      return (
        <pre className={text}>
          <EscapedText text={asked.text} />
        </pre>
      );
  }
}

const tones = { "+": "bg-good-soft text-good", "-": "bg-bad-soft text-bad", " ": "text-soft" } as const;

function RemainingArgs({ text }: { readonly text: string }) {
  return (
    <span className="mt-1 block text-muted">
      <EscapedText text={text} />
    </span>
  );
}
