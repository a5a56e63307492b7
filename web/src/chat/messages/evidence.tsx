import { AlertIcon, CheckIcon, QuestionIcon, XIcon, type Icon } from "@primer/octicons-react";
import { verdictNow, type Action, type ConversationState, type Verdict } from "@deckhand/protocol";
import { conversationUrl, useRoute } from "../../urls.ts";
import { Link } from "../../shell/link.tsx";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { useMessages } from "../../i18n/i18n.ts";

type Finish = Action<"finish">["args"];

interface EvidenceProps {
  readonly pieces: NonNullable<Finish["evidence"]>;
  readonly state: Pick<ConversationState, "fileChanges">;
}

const styles: Readonly<Record<Verdict, { readonly tone: Tone; readonly icon: Icon }>> = {
  shown: { tone: "good", icon: CheckIcon },
  failed: { tone: "bad", icon: XIcon },
  stale: { tone: "warn", icon: AlertIcon },
  missing: { tone: "warn", icon: QuestionIcon },
};

/** The claims of the agent, each with the command that verifies it and its current verdict. */
export function Evidence({ pieces, state }: EvidenceProps) {
  const t = useMessages();
  const route = useRoute();
  return (
    <div className="border-t border-line px-4 py-2.5">
      <p className="label-small mb-1.5">{t.timeline.verification}</p>
      <ul className="grid grid-cols-[max-content_1fr] gap-x-2.5 gap-y-1.5 text-sm">
        {pieces.map((piece) => {
          const verdict = verdictNow(piece, state);
          const { tone, icon } = styles[verdict];
          const command = <code className="min-w-0 truncate text-muted">{piece.command.trim()}</code>;
          return (
            <li
              key={`${piece.claim}${piece.command}`}
              className="col-span-2 grid min-w-0 grid-cols-subgrid items-baseline"
            >
              <span>
                <Badge tone={tone} icon={icon}>
                  {t.timeline.verdicts[verdict]}
                </Badge>
              </span>
              <span className="flex min-w-0 flex-1 flex-col">
                <span className="plain-text">{piece.claim}</span>
                {piece.event === undefined || route.page !== "conversation" ? (
                  command
                ) : (
                  <Link
                    href={conversationUrl(route.id, { event: piece.event })}
                    className="flex min-w-0 hover:underline"
                  >
                    {command}
                  </Link>
                )}
              </span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** The files that changed since the turn started. */
export function ChangedFiles({ changes }: { readonly changes: NonNullable<Finish["changes"]> }) {
  const t = useMessages();
  if (changes.changed_files === 0) return null;
  const more = changes.changed_files - changes.files.length;
  return (
    <details className="group/files border-t border-line px-4 py-2 text-sm">
      <summary className="flex cursor-pointer list-none items-baseline gap-2 text-soft hover:text-ink">
        {t.common.files(changes.changed_files)}
        <LineCounts added={changes.added_lines} deleted={changes.deleted_lines} />
      </summary>
      <ul className="mt-1">
        {changes.files.map(({ path, added_lines: added, deleted_lines: deleted }) => (
          <li key={path} className="flex items-baseline gap-2">
            <code className="min-w-0 truncate">{path}</code>
            <LineCounts added={added} deleted={deleted} />
          </li>
        ))}
        {more > 0 && <li className="text-muted">{t.common.moreItems(more)}</li>}
      </ul>
    </details>
  );
}

function LineCounts({ added, deleted }: { readonly added: number; readonly deleted: number }) {
  return (
    <span className="shrink-0 text-xs tabular-nums">
      <span className="text-good">+{added}</span> <span className="text-bad">−{deleted}</span>
    </span>
  );
}
