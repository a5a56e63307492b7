import { useState, type SubmitEvent } from "react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { TrashIcon } from "@primer/octicons-react";
import type { SettingsReport } from "@deckhand/protocol";
import { EscapedText } from "../approval/escaped-text.tsx";
import { client } from "../server.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Select } from "../ui/select.tsx";
import { TextField } from "../ui/text-field.tsx";
import { toastFailure } from "../ui/toast.tsx";
import { formatDateTime } from "../i18n/format.ts";
import { useMessages } from "../i18n/i18n.ts";
import { EnvironmentBadge, Row, Rows, SavedTextField, Section } from "./fields.tsx";
import { useSaveSettings } from "./use-settings.ts";

export function ApprovalsPage({ report }: { readonly report: SettingsReport }) {
  const t = useMessages();
  const save = useSaveSettings();
  const { policy = "risky", seconds = 0 } = report.effective.approval;
  return (
    <>
      <Section title={t.settings.sections.approvals} description={t.settings.approvals.description}>
        <Rows>
          <Row
            label={
              <>
                {t.newTask.approvalPolicy} <EnvironmentBadge report={report} path="approval.policy" />
              </>
            }
            description={t.newTask.approvalPolicies[policy].description}
          >
            <Select
              label={t.newTask.approvalPolicy}
              value={policy}
              disabled={report.environment["approval.policy"] !== undefined}
              choices={(["never", "risky", "always"] as const).map((value) => ({
                value,
                label: t.newTask.approvalPolicies[value].name,
                description: t.newTask.approvalPolicies[value].description,
              }))}
              onChange={(next) => void save({ approval: { policy: next } }).catch(toastFailure)}
            />
          </Row>
          <Row
            label={
              <>
                {t.settings.approvals.timeout} <EnvironmentBadge report={report} path="approval.seconds" />
              </>
            }
            description={t.settings.approvals.timeoutDescription}
          >
            <SavedTextField
              label={t.settings.approvals.timeout}
              type="number"
              value={String(seconds)}
              disabled={report.environment["approval.seconds"] !== undefined}
              onSave={(next) => save({ approval: { seconds: next === "" ? null : Number(next) } })}
            />
          </Row>
        </Rows>
      </Section>
      <ServerRules />
    </>
  );
}

const kinds = ["run", "browse", "write", "edit", "call_tool"] as const;

function ServerRules() {
  const t = useMessages();
  const queries = useQueryClient();
  const { data: rules } = useQuery({ queryKey: ["rules"], queryFn: ({ signal }) => client.rules(signal) });
  const [kind, setKind] = useState<(typeof kinds)[number]>("run");
  const [pattern, setPattern] = useState("");
  const [checked, setChecked] = useState<{ readonly action: string; readonly pattern: string }>();
  const [failure, setFailure] = useState("");
  const again = (): void => void queries.invalidateQueries({ queryKey: ["rules"] });

  const act = async (doing: () => Promise<void>): Promise<void> => {
    setFailure("");
    try {
      await doing();
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  const checkPattern = (event: SubmitEvent): void => {
    event.preventDefault();
    if (pattern.trim() === "") return;
    void act(async () => setChecked(await client.checkRule({ action: kind, pattern })));
  };
  const add = (): void => {
    if (checked === undefined) return;
    void act(async () => {
      await client.addRule(checked);
      setChecked(undefined);
      setPattern("");
      again();
    });
  };

  return (
    <Section title={t.settings.approvals.rules} description={t.settings.approvals.rulesDescription}>
      <Rows>
        {rules?.map((rule) => (
          <Row
            key={rule.id}
            label={
              <code className="rounded bg-code px-1.5 py-0.5 font-normal break-all">
                <EscapedText text={`${rule.action} ${rule.pattern}`} />
              </code>
            }
            description={t.settings.approvals.createdAt(formatDateTime(rule.created_at))}
          >
            <IconButton
              icon={TrashIcon}
              label={t.settings.approvals.deleteRule(`${rule.action} ${rule.pattern}`)}
              onClick={() => void client.deleteRule(rule.id).then(again, toastFailure)}
            />
          </Row>
        ))}
        {rules?.length === 0 && (
          <Row label={<span className="font-normal text-muted">{t.settings.approvals.noRules}</span>} />
        )}
        <form onSubmit={checkPattern} className="flex flex-col gap-2 px-4 py-3">
          <div className="flex flex-wrap gap-2">
            <Select
              label={t.settings.approvals.kind}
              value={kind}
              choices={kinds.map((value) => ({ value, label: t.approval.actions[value] }))}
              onChange={(next) => {
                setKind(next);
                setChecked(undefined);
              }}
            />
            <TextField
              className="min-w-48 flex-1"
              label={t.settings.approvals.pattern}
              placeholder={t.settings.approvals.patternPlaceholders[kind]}
              spellCheck={false}
              value={pattern}
              failure={failure}
              onChange={(next) => {
                setPattern(next);
                setChecked(undefined);
              }}
            />
            <Button type="submit" disabled={pattern.trim() === ""}>
              {t.settings.approvals.addRule}
            </Button>
          </div>
          {checked !== undefined && (
            <div role="group" aria-label={t.approval.rule} className="rounded-lg bg-raised p-3 text-sm">
              <p className="font-medium">{t.approval.ruleForServer}</p>
              <code className="my-2 inline-block rounded bg-code px-2 py-1 break-all">
                <EscapedText text={`${checked.action} ${checked.pattern}`} />
              </code>
              <div className="flex gap-2">
                <Button tone="primary" onClick={add}>
                  {t.settings.approvals.saveRule}
                </Button>
                <Button onClick={() => setChecked(undefined)}>{t.common.back}</Button>
              </div>
            </div>
          )}
        </form>
      </Rows>
    </Section>
  );
}
