import { useState } from "react";
import type { Action } from "@deckhand/protocol";
import { Button } from "../ui/button.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { requestedActionOf, type RequestedAction } from "./requested-action.ts";
import { EscapedText } from "./escaped-text.tsx";

/** Longer actions are cut, and cannot be allowed until all of it is shown. */
export const maxInitialChars = 4_000;

interface RequestedActionViewProps {
  readonly action: Action;
  /** Whether all of it is shown. */
  readonly isComplete: boolean;
  readonly onShowAll: () => void;
}

export function sizeOf(action: Action): number {
  return JSON.stringify(action.args).length;
}

/** The exact action that needs approval. */
export function RequestedActionView({ action, isComplete, onShowAll }: RequestedActionViewProps) {
  const t = useMessages();
  const requested = requestedActionOf(action);
  const [isExpanded, setExpanded] = useState(false);
  return (
    <div className="relative">
      <div
        tabIndex={0}
        role="group"
        aria-label={t.approval.requestedAction}
        className={`overflow-auto rounded-lg border border-line bg-code text-sm ${isExpanded ? "max-h-[60dvh]" : "max-h-64"}`}
      >
        {requested.type === "change" && (
          <p className="sticky top-0 border-b border-line bg-code px-3 py-1.5 font-mono text-xs text-soft">
            <EscapedText text={requested.path} />
          </p>
        )}
        <div className={isComplete ? "" : "max-h-40 overflow-hidden"}>
          <Body requested={requested} />
          {requested.type === "command" && action.approval?.cwd !== undefined && (
            <p className="px-3 pb-2 text-xs text-muted">
              {t.approval.inFolder}{" "}
              <code className="break-all">
                <EscapedText text={action.approval.cwd} />
              </code>
            </p>
          )}
        </div>
      </div>
      {!isComplete && (
        <Button
          size="small"
          className="mt-2"
          onClick={() => {
            setExpanded(true);
            onShowAll();
          }}
        >
          {t.approval.showAll}
        </Button>
      )}
    </div>
  );
}

function Body({ requested }: { readonly requested: RequestedAction }) {
  const text = "plain-text px-3 py-2 font-mono";
  switch (requested.type) {
    case "command":
      return (
        <pre className={text}>
          <span aria-hidden="true" className="text-muted select-none">
            ${" "}
          </span>
          <EscapedText text={requested.command} />
          {requested.more !== "" && <RemainingArgs text={requested.more} />}
        </pre>
      );
    case "change":
      return (
        <pre className="py-1 font-mono">
          {requested.lines.map(({ sign, text: line }, at) => (
            // oxlint-disable-next-line react/no-array-index-key -- lines keep their order
            <span key={at} className={`block px-3 break-words whitespace-pre-wrap ${tones[sign]}`}>
              <span aria-hidden="true" className="select-none">
                {sign}{" "}
              </span>
              <EscapedText text={line} />
            </span>
          ))}
          {requested.more !== "" && (
            <span className="block px-3">
              <RemainingArgs text={requested.more} />
            </span>
          )}
        </pre>
      );
    case "address":
      return (
        <div className="px-3 py-2">
          {requested.host !== "" && (
            <p className="font-mono font-semibold">
              <EscapedText text={requested.host} />
            </p>
          )}
          <p className="plain-text font-mono text-soft">
            <EscapedText text={requested.url} />
          </p>
        </div>
      );
    case "call":
      return (
        <div className="px-3 py-2">
          <p className="font-mono font-semibold">
            <EscapedText text={requested.name} />
          </p>
          <pre className="plain-text font-mono text-soft">
            <EscapedText text={requested.args} />
          </pre>
        </div>
      );
    case "other":
      return (
        <pre className={text}>
          <EscapedText text={requested.text} />
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
