import { useState } from "react";
import { exactly, type Action, type ApprovalAnswer } from "@deckhand/protocol";

interface ApprovalCardProps {
  readonly action: Action;
  /** Fails when somebody else was first; then the events say who. */
  readonly onAnswer: (decision: ApprovalAnswer["decision"], reason: string) => Promise<unknown>;
}

/** The question whether an action may run, with all of it in sight. */
export function ApprovalCard({ action, onAnswer }: ApprovalCardProps) {
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
    <section aria-label="Approval" className="mb-2 rounded-xl border border-warn bg-panel p-3 text-sm">
      <p>
        <span className="font-semibold">May the agent do this?</span> <code>{action.action}</code>. {reasons.join(" ")}
      </p>
      <pre
        tabIndex={0}
        aria-label="What is asked for"
        className="plain-text my-2 max-h-60 overflow-auto rounded-lg bg-page/60 p-2 font-mono text-[13px]"
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
        <button type="button" className="button" disabled={sent} onClick={() => void answer("allow")}>
          Allow once
        </button>
        {rules.length > 0 && (
          <>
            <button
              type="button"
              className="button"
              disabled={sent}
              onClick={() => void answer("allow_for_conversation")}
            >
              Allow for this conversation
            </button>
            <button type="button" className="button" disabled={sent} onClick={() => void answer("allow_for_server")}>
              Allow for every conversation
            </button>
          </>
        )}
        <input
          aria-label="Reason"
          placeholder="Reason, for the agent"
          value={reason}
          className="min-w-32 flex-1 rounded-lg border border-line bg-page px-2 py-1"
          onChange={(event) => setReason(event.target.value)}
        />
        <button type="submit" className="button" disabled={sent}>
          Deny
        </button>
      </form>
      <p className="mt-2 text-xs text-muted">
        {rules.length > 0 && (
          <>
            What is remembered for a conversation, or for every one:{" "}
            {rules.map((rule) => (
              <code key={rule.pattern} className="mr-1 rounded bg-raised px-1 font-mono">
                {rule.action} {rule.pattern}
              </code>
            ))}
            .{" "}
          </>
        )}
        Without an answer it is denied at {new Date(until).toLocaleTimeString()}.
      </p>
      {failure !== "" && (
        <p role="alert" className="text-bad">
          {failure}
        </p>
      )}
    </section>
  );
}
