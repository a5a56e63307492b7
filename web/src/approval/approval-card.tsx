import { useState } from "react";
import { Button } from "../ui/button.tsx";
import { TextField } from "../ui/text-field.tsx";
import { timeText } from "../words/amounts.ts";
import { useWords } from "../words/words.ts";
import { exactly, type Action, type ApprovalAnswer } from "@deckhand/protocol";

interface ApprovalCardProps {
  readonly action: Action;
  /** Fails when somebody else was first; then the events say who. */
  readonly onAnswer: (decision: ApprovalAnswer["decision"], reason: string) => Promise<unknown>;
}

/** The question whether an action may run, with all of it in sight. */
export function ApprovalCard({ action, onAnswer }: ApprovalCardProps) {
  const { people: words } = useWords();
  const [reason, setReason] = useState("");
  const [sent, setSent] = useState(false);
  const [failure, setFailure] = useState("");
  const { reasons = [], rules = [], expires_at: until = "" } = action.approval ?? {};

  const answer = async (decision: ApprovalAnswer["decision"]): Promise<void> => {
    setSent(true);
    setFailure("");
    try {
      await onAnswer(decision, decision === "deny" ? reason.trim() : "");
    } catch (error) {
      setSent(false);
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };

  return (
    <section aria-label={words.approval} className="mb-2 rounded-xl border border-warn bg-panel p-3 text-sm">
      <p>
        <span className="font-semibold">{words.mayIt}</span> <code>{action.action}</code>. {reasons.join(" ")}
      </p>
      <pre
        tabIndex={0}
        aria-label={words.askedFor}
        className="plain-text my-2 max-h-60 overflow-auto rounded-lg bg-code p-2 text-sm"
      >
        <bdi dir="ltr">{exactly(action)}</bdi>
      </pre>
      <form
        className="flex flex-wrap items-center gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          void answer("deny");
        }}
      >
        <Button disabled={sent} onClick={() => void answer("allow")}>
          {words.allowOnce}
        </Button>
        {rules.length > 0 && (
          <>
            <Button disabled={sent} onClick={() => void answer("allow_for_conversation")}>
              {words.allowConversation}
            </Button>
            <Button disabled={sent} onClick={() => void answer("allow_for_server")}>
              {words.allowServer}
            </Button>
          </>
        )}
        <TextField
          className="min-w-32 flex-1"
          label={words.reason}
          placeholder={words.reasonHint}
          value={reason}
          onChange={setReason}
        />
        <Button type="submit" tone="danger" disabled={sent}>
          {words.deny}
        </Button>
      </form>
      <p className="mt-2 text-xs text-muted">
        {rules.length > 0 && (
          <>
            {words.remembered}{" "}
            {rules.map((rule) => (
              <code key={rule.pattern} className="mr-1 rounded bg-raised px-1 font-mono">
                {rule.action} {rule.pattern}
              </code>
            ))}
            .{" "}
          </>
        )}
        {until !== "" && words.deniedAt(timeText(until))}
      </p>
      {failure !== "" && (
        <p role="alert" className="text-bad">
          {failure}
        </p>
      )}
    </section>
  );
}
