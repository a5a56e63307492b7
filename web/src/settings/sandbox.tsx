import { CheckCircleFillIcon, XCircleFillIcon } from "@primer/octicons-react";
import type { Health } from "@deckhand/client";
import type { SettingsReport } from "@deckhand/protocol";
import { useHealth } from "../server.ts";
import { Badge } from "../ui/badge.tsx";
import { Select } from "../ui/select.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { toastFailure } from "../ui/toast.tsx";
import { formatTime } from "../i18n/format.ts";
import { useMessages } from "../i18n/i18n.ts";
import type { Messages } from "../i18n/messages.ts";
import { HostList } from "./host-list.tsx";
import { EnvironmentBadge, Row, Rows, Section } from "./fields.tsx";
import { useSaveSettings } from "./use-settings.ts";

export function SandboxPage({ report }: { readonly report: SettingsReport }) {
  const t = useMessages();
  const save = useSaveSettings();
  const sandbox = useHealth().health?.runtime;
  const { policy = "allow", allow = [] } = report.effective.network;
  return (
    <>
      <Section
        title={t.settings.sections.sandbox}
        description={sandbox === undefined ? "" : selfTestSummary(sandbox, t)}
      >
        {sandbox === undefined ? <Skeleton /> : <SelfTest sandbox={sandbox} />}
      </Section>
      <Section
        title={t.settings.sandbox.network}
        description={t.settings.sandbox.networkDescription}
        actions={report.restart.includes("network") && <Badge tone="warn">{t.settings.restartRequired}</Badge>}
      >
        <Rows>
          <Row
            label={
              <>
                {t.settings.sandbox.policy} <EnvironmentBadge report={report} path="network.policy" />
              </>
            }
            description={t.settings.sandbox.policies[policy].description}
          >
            <Select
              label={t.settings.sandbox.policy}
              value={report.saved.network?.policy ?? policy}
              disabled={report.environment["network.policy"] !== undefined}
              choices={(["off", "allow", "on"] as const).map((value) => ({
                value,
                label: t.settings.sandbox.policies[value].name,
                description: t.settings.sandbox.policies[value].description,
              }))}
              onChange={(next) => void save({ network: { policy: next } }).catch(toastFailure)}
            />
          </Row>
          <HostList
            hosts={report.saved.network?.allow ?? allow}
            fixed={report.environment["network.allow"]}
            onSave={(hosts) => save({ network: { allow: hosts } })}
          />
        </Rows>
      </Section>
    </>
  );
}

function selfTestSummary({ checks }: Health["runtime"], t: Messages): string {
  return t.settings.sandbox.selfTest(checks.length, checks.filter(({ held: isBlocked }) => isBlocked).length);
}

function SelfTest({ sandbox }: { readonly sandbox: Health["runtime"] }) {
  const t = useMessages();
  const { checks, untried = [] } = sandbox;
  const groups = [...new Set(checks.map(({ group }) => group))];
  return (
    <Rows>
      <Row
        label={
          <>
            {sandbox.kind}
            <Badge tone={sandbox.proven ? "good" : "bad"}>
              {sandbox.proven ? t.settings.sandbox.verified : t.settings.sandbox.notVerified}
            </Badge>
          </>
        }
        description={
          <>
            {sandbox.sentence}
            {sandbox.triedAt !== undefined && ` ${t.settings.sandbox.testedAt(formatTime(sandbox.triedAt))}`}
          </>
        }
      />
      {groups.map((group) => {
        const groupChecks = checks.filter((check) => check.group === group);
        const held = groupChecks.every((check) => check.held);
        return (
          <details key={group} className="group px-4 py-2.5">
            <summary className="flex cursor-pointer items-center gap-2 text-sm font-medium">
              <span className={held ? "text-good" : "text-bad"}>
                {held ? <CheckCircleFillIcon size={14} /> : <XCircleFillIcon size={14} />}
              </span>
              {t.settings.sandbox.checkGroups[group as keyof typeof t.settings.sandbox.checkGroups] ?? group}
              <span className="ml-auto text-xs font-normal text-muted tabular-nums">
                {t.settings.sandbox.blockedCount(groupChecks.filter((check) => check.held).length, groupChecks.length)}
              </span>
            </summary>
            <ul className="mt-2 flex flex-col gap-1 pl-6 text-xs text-soft">
              {groupChecks.map((check, at) => (
                // oxlint-disable-next-line react/no-array-index-key -- checks of one run have no id
                <li key={at} className={check.held ? "" : "text-bad"}>
                  {check.name}
                </li>
              ))}
            </ul>
          </details>
        );
      })}
      {untried.length > 0 && (
        <Row
          label={t.settings.sandbox.notTested}
          description={untried.map(({ name, why }) => `${name}: ${why}`).join("; ")}
        />
      )}
    </Rows>
  );
}
