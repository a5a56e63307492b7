import { useState, type SubmitEvent } from "react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { TrashIcon } from "@primer/octicons-react";
import type { SettingsReport } from "@deckhand/protocol";
import { Marked } from "../approval/marked.tsx";
import { client } from "../server.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Select } from "../ui/select.tsx";
import { TextField } from "../ui/text-field.tsx";
import { toastFailure } from "../ui/toast.tsx";
import { formatDateTime } from "../i18n/format.ts";
import { useMessages } from "../i18n/i18n.ts";
import { FromEnvironment, Row, Rows, SavedText, Section } from "./parts.tsx";
import { useSave } from "./use-settings.ts";

export function ApprovalsPage({ report }: { readonly report: SettingsReport }) {
  const words = useMessages();
  const save = useSave();
  const { policy = "risky", seconds = 0 } = report.effective.approval;
  return (
    <>
      <Section title={words.settings.sections.approvals} description={words.settings.approvalsAre}>
        <Rows>
          <Row
            label={
              <>
                {words.people.whenAsked} <FromEnvironment report={report} path="approval.policy" />
              </>
            }
            description={words.people.policies[policy].is}
          >
            <Select
              label={words.people.whenAsked}
              value={policy}
              disabled={report.environment["approval.policy"] !== undefined}
              choices={(["never", "risky", "always"] as const).map((value) => ({
                value,
                label: words.people.policies[value].name,
                description: words.people.policies[value].is,
              }))}
              onChange={(next) => void save({ approval: { policy: next } }).catch(toastFailure)}
            />
          </Row>
          <Row
            label={
              <>
                {words.settings.askSeconds} <FromEnvironment report={report} path="approval.seconds" />
              </>
            }
            description={words.settings.askSecondsIs}
          >
            <SavedText
              label={words.settings.askSeconds}
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
  const words = useMessages();
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
  const look = (event: SubmitEvent): void => {
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
    <Section title={words.settings.rules} description={words.settings.rulesAre}>
      <Rows>
        {rules?.map((rule) => (
          <Row
            key={rule.id}
            label={
              <code className="rounded bg-code px-1.5 py-0.5 font-normal break-all">
                <Marked text={`${rule.action} ${rule.pattern}`} />
              </code>
            }
            description={words.settings.since(formatDateTime(rule.created_at))}
          >
            <IconButton
              icon={TrashIcon}
              label={words.settings.deleteRule(`${rule.action} ${rule.pattern}`)}
              onClick={() => void client.deleteRule(rule.id).then(again, toastFailure)}
            />
          </Row>
        ))}
        {rules?.length === 0 && (
          <Row label={<span className="font-normal text-muted">{words.settings.noRules}</span>} />
        )}
        <form onSubmit={look} className="flex flex-col gap-2 px-4 py-3">
          <div className="flex flex-wrap gap-2">
            <Select
              label={words.settings.kind}
              value={kind}
              choices={kinds.map((value) => ({ value, label: words.people.actions[value] }))}
              onChange={(next) => {
                setKind(next);
                setChecked(undefined);
              }}
            />
            <TextField
              className="min-w-48 flex-1"
              label={words.settings.pattern}
              placeholder={words.settings.patterns[kind]}
              spellCheck={false}
              value={pattern}
              failure={failure}
              onChange={(next) => {
                setPattern(next);
                setChecked(undefined);
              }}
            />
            <Button type="submit" disabled={pattern.trim() === ""}>
              {words.settings.addRule}
            </Button>
          </div>
          {checked !== undefined && (
            <div role="group" aria-label={words.people.rule} className="rounded-lg bg-raised p-3 text-sm">
              <p className="font-medium">{words.people.ruleForServer}</p>
              <code className="my-2 inline-block rounded bg-code px-2 py-1 break-all">
                <Marked text={`${checked.action} ${checked.pattern}`} />
              </code>
              <div className="flex gap-2">
                <Button tone="primary" onClick={add}>
                  {words.settings.saveRule}
                </Button>
                <Button onClick={() => setChecked(undefined)}>{words.people.back}</Button>
              </div>
            </div>
          )}
        </form>
      </Rows>
    </Section>
  );
}
