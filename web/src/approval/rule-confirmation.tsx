import type { ApprovalRule } from "@deckhand/protocol";
import { Button } from "../ui/button.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { EscapedText } from "./escaped-text.tsx";

interface RuleConfirmationProps {
  readonly rules: readonly ApprovalRule[];
  readonly scope: "conversation" | "server";
  readonly disabled: boolean;
  readonly onSave: () => void;
  readonly onBack: () => void;
}

/** Shows exactly what a rule would allow, and where, before it is saved. */
export function RuleConfirmation({ rules, scope, disabled, onSave, onBack }: RuleConfirmationProps) {
  const t = useMessages();
  return (
    <div role="group" aria-label={t.approval.rule} className="flex flex-col gap-2 rounded-lg bg-raised p-3">
      <p className="font-medium">{scope === "server" ? t.approval.ruleForServer : t.approval.ruleForConversation}</p>
      <ul className="flex flex-col gap-1">
        {rules.map((rule) => (
          <li key={`${rule.action} ${rule.pattern}`}>
            <code className="plain-text inline-block rounded bg-code px-2 py-1">
              <EscapedText text={`${rule.action} ${rule.pattern}`} />
            </code>
          </li>
        ))}
      </ul>
      <p className="text-xs text-muted">{t.approval.ruleDescription}</p>
      <div className="flex flex-wrap gap-2">
        <Button tone="primary" disabled={disabled} onClick={onSave}>
          {t.approval.saveRuleAndAllow}
        </Button>
        <Button onClick={onBack}>{t.common.back}</Button>
      </div>
    </div>
  );
}
