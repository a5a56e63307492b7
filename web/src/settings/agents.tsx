import type { SettingsReport } from "@deckhand/protocol";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { toastFailure } from "../ui/toast.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { Row, Rows, SavedTextField, Section } from "./fields.tsx";
import { useAgents } from "./use-agents.ts";
import { useSaveSettings } from "./use-settings.ts";

/** The default agent of a server that configures no other. */
const fallbackAgent = "CodeActAgent";

export function AgentsPage({ report }: { readonly report: SettingsReport }) {
  const t = useMessages();
  const { agents: all, broken } = useAgents();
  const save = useSaveSettings();
  const { agents: agentSettings = {}, limits = {} } = report.saved;
  const defaultAgent = agentSettings.default ?? fallbackAgent;
  const agents = all.toSorted((a, b) => Number(b.name === defaultAgent) - Number(a.name === defaultAgent));
  const limitNames = ["max_steps", "max_cost_usd", "max_tokens", "max_seconds"] as const;
  return (
    <>
      <Section title={t.settings.sections.agents} description={t.settings.agents.description}>
        <Rows>
          {agents.map(({ name, description }) => (
            <Row
              key={name}
              label={
                <>
                  {name}
                  {name === defaultAgent && <Badge tone="accent">{t.settings.agents.default}</Badge>}
                </>
              }
              description={description}
            >
              {name !== defaultAgent && (
                <Button
                  size="small"
                  tone="quiet"
                  onClick={() => void save({ agents: { default: name } }).catch(toastFailure)}
                >
                  {t.settings.agents.setAsDefault}
                </Button>
              )}
            </Row>
          ))}
          {broken.map((sentence) => (
            <Row key={sentence} label={<span className="font-normal text-bad">{sentence}</span>} />
          ))}
          <Row label={t.settings.agents.folder} description={t.settings.agents.folderDescription}>
            <SavedTextField
              label={t.settings.agents.folder}
              value={agentSettings.folder ?? ""}
              placeholder="/home/…/agents"
              onSave={(next) => save({ agents: { folder: next || null } })}
            />
          </Row>
        </Rows>
      </Section>
      <Section title={t.settings.agents.limits} description={t.settings.agents.limitsDescription}>
        <Rows>
          {limitNames.map((name) => {
            const variable = report.environment[`limits.${name}`];
            const effective = report.effective.limits[name];
            return (
              <Row
                key={name}
                label={
                  <>
                    {t.settings.agents.limitNames[name]}
                    {variable !== undefined && <Badge tone="info">{t.settings.fromEnvironment(variable)}</Badge>}
                  </>
                }
              >
                <SavedTextField
                  label={t.settings.agents.limitNames[name]}
                  type="number"
                  disabled={variable !== undefined}
                  value={limits[name] === undefined ? "" : String(limits[name])}
                  placeholder={effective === undefined ? t.settings.agents.noLimit : String(effective)}
                  onSave={(next) => save({ limits: { [name]: next === "" ? null : Number(next) } })}
                />
              </Row>
            );
          })}
        </Rows>
      </Section>
    </>
  );
}
