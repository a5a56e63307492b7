import { useMemo, useState, type ReactNode } from "react";
import { CheckIcon, ShieldIcon, XIcon } from "@primer/octicons-react";
import { DeckhandError, type Action } from "@deckhand/protocol";
import { useCommands } from "../shell/commands.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { TextField } from "../ui/text-field.tsx";
import { toast } from "../ui/toast.tsx";
import { useMessages } from "../i18n/i18n.ts";
import type { Decision } from "./answer.ts";
import { RequestedActionView, maxInitialChars, sizeOf } from "./requested-action-view.tsx";
import { EscapedText } from "./escaped-text.tsx";
import { reasonsOf, highestRisk } from "./risk.ts";
import { RuleConfirmation } from "./rule-confirmation.tsx";
import { ApprovalDeadline } from "./approval-deadline.tsx";

interface ApprovalCardProps {
  readonly action: Action;
  /** Rejects if the approval was answered before. */
  readonly onAnswer: (decision: Decision, reason: string) => Promise<unknown>;
  /** Shown at the top, such as a link to the conversation. */
  readonly header?: ReactNode;
  readonly conversationTitle?: string;
  /** Only one of several cards on a page may bind the keyboard shortcuts. */
  readonly hasShortcuts?: boolean;
}

/** Large enough for thumbs. */
const phoneButton = "max-md:h-10 max-md:basis-full";
const isTouchDevice = globalThis.matchMedia?.("(hover: none)").matches ?? false;

const edges = { info: "border-info", warn: "border-warn", bad: "border-bad" } as const;

/** Asks whether an action may run, and shows all of it. */
export function ApprovalCard({ action, onAnswer, header, conversationTitle, hasShortcuts = true }: ApprovalCardProps) {
  const t = useMessages();
  const [reason, setReason] = useState("");
  const [sent, setSent] = useState(false);
  const [failure, setFailure] = useState("");
  const [scope, setScope] = useState<"conversation" | "server">();
  const [isComplete, setComplete] = useState(() => sizeOf(action) <= maxInitialChars);
  const { reasons: codes = [], rules = [], expires_at: until = "" } = action.approval ?? {};
  const reasons = reasonsOf(codes, t);
  const risk = highestRisk(reasons);
  const thought = "thought" in action.args && typeof action.args.thought === "string" ? action.args.thought : "";

  const answer = async (decision: Decision): Promise<void> => {
    setSent(true);
    setFailure("");
    try {
      await onAnswer(decision, decision === "deny" ? reason.trim() : "");
    } catch (error) {
      setSent(false);
      const message = error instanceof Error ? error.message : String(error);
      // The card disappears with the approval, so a toast says who answered.
      if (error instanceof DeckhandError && (error.code === "already_done" || error.code === "conflict"))
        toast(t.approval.alreadyAnswered, { description: message });
      else setFailure(message);
    }
  };
  const canAllow = !sent && isComplete;
  useCommands(
    useMemo(
      () =>
        hasShortcuts
          ? [
              {
                id: "approval-allow",
                group: "conversation",
                label: (messages) => messages.approval.allowOnce,
                keys: ["y"],
                run: () => void (canAllow && answer("allow")),
              },
              {
                id: "approval-deny",
                group: "conversation",
                label: (messages) => messages.approval.deny,
                keys: ["n"],
                run: () => void (!sent && answer("deny")),
              },
            ]
          : [],
      // oxlint-disable-next-line react-hooks/exhaustive-deps -- `answer` changes on every render
      [hasShortcuts, canAllow, sent, reason],
    ),
  );

  return (
    <section
      aria-label={
        conversationTitle === undefined ? t.approval.approval : `${t.approval.approval}: ${conversationTitle}`
      }
      className={`flex flex-col gap-3 rounded-xl border border-l-4 bg-panel p-3.5 text-sm shadow-low ${edges[risk]}`}
    >
      {header}
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <ShieldIcon size={16} className={risk === "bad" ? "text-bad" : "text-warn"} />
        <h2 className="font-semibold">{t.approval.required}</h2>
        <Badge>{t.approval.actions[action.action as keyof typeof t.approval.actions] ?? action.action}</Badge>
        {reasons.map(({ text, risk: tone }) => (
          <Badge key={text} tone={tone}>
            {text}
          </Badge>
        ))}
      </div>
      {header !== undefined && thought !== "" && (
        <p className="plain-text line-clamp-3 text-soft">
          <EscapedText text={thought} />
        </p>
      )}
      <RequestedActionView action={action} isComplete={isComplete} onShowAll={() => setComplete(true)} />
      {scope !== undefined ? (
        <RuleConfirmation
          rules={rules}
          scope={scope}
          disabled={sent}
          onSave={() => void answer(scope === "server" ? "allow_for_server" : "allow_for_conversation")}
          onBack={() => setScope(undefined)}
        />
      ) : (
        <form
          className="flex flex-wrap items-center gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            void answer("deny");
          }}
        >
          <Button
            tone="primary"
            icon={CheckIcon}
            className={phoneButton}
            disabled={!canAllow}
            {...(hasShortcuts && !isTouchDevice ? { keys: "y" } : {})}
            onClick={() => void answer("allow")}
          >
            {t.approval.allowOnce}
          </Button>
          {rules.length > 0 && (
            <>
              <Button className={phoneButton} disabled={!canAllow} onClick={() => setScope("conversation")}>
                {t.approval.allowForConversation}
              </Button>
              <Button className={phoneButton} disabled={!canAllow} onClick={() => setScope("server")}>
                {t.approval.alwaysAllow}
              </Button>
            </>
          )}
          <span className="flex min-w-96 flex-1 gap-2 max-md:min-w-0 max-md:basis-full">
            <TextField
              className="flex-1"
              label={t.approval.reason}
              placeholder={t.approval.reasonPlaceholder}
              maxLength={2_000}
              value={reason}
              onChange={setReason}
            />
            <Button
              type="submit"
              tone="danger"
              icon={XIcon}
              disabled={sent}
              {...(hasShortcuts && !isTouchDevice ? { keys: "n" } : {})}
            >
              {t.approval.deny}
            </Button>
          </span>
        </form>
      )}
      {until !== "" && <ApprovalDeadline until={until} />}
      {failure !== "" && (
        <p role="alert" className="text-bad">
          {failure}
        </p>
      )}
    </section>
  );
}
