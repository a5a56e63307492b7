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
import { HostList } from "./host-list.tsx";
import { FromEnvironment, Row, Rows, Section } from "./parts.tsx";
import { useSave } from "./use-settings.ts";

export function SandboxPage({ report }: { readonly report: SettingsReport }) {
  const { settings: words } = useMessages();
  const save = useSave();
  const sandbox = useHealth().health?.runtime;
  const { policy = "allow", allow = [] } = report.effective.network;
  return (
    <>
      <Section title={words.sections.sandbox} description={words.sandboxIs}>
        {sandbox === undefined ? <Skeleton /> : <Proof sandbox={sandbox} />}
      </Section>
      <Section
        title={words.network}
        description={words.networkIs}
        actions={report.restart.includes("network") && <Badge tone="warn">{words.afterRestart}</Badge>}
      >
        <Rows>
          <Row
            label={
              <>
                {words.reaches} <FromEnvironment report={report} path="network.policy" />
              </>
            }
            description={words.networks[policy].is}
          >
            <Select
              label={words.reaches}
              value={report.saved.network?.policy ?? policy}
              disabled={report.environment["network.policy"] !== undefined}
              choices={(["off", "allow", "on"] as const).map((value) => ({
                value,
                label: words.networks[value].name,
                description: words.networks[value].is,
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

function Proof({ sandbox }: { readonly sandbox: Health["runtime"] }) {
  const { settings: words } = useMessages();
  const { checks, untried = [] } = sandbox;
  const groups = [...new Set(checks.map(({ group }) => group))];
  return (
    <Rows>
      <Row
        label={
          <>
            {sandbox.kind}
            <Badge tone={sandbox.proven ? "good" : "bad"}>{sandbox.proven ? words.proven : words.notProven}</Badge>
          </>
        }
        description={
          <>
            {sandbox.sentence}
            {sandbox.triedAt !== undefined && ` ${words.triedAt(formatTime(sandbox.triedAt))}`}
          </>
        }
      />
      {groups.map((group) => {
        const own = checks.filter((check) => check.group === group);
        const held = own.every((check) => check.held);
        return (
          <details key={group} className="group px-4 py-2.5">
            <summary className="flex cursor-pointer items-center gap-2 text-sm font-medium">
              <span className={held ? "text-good" : "text-bad"}>
                {held ? <CheckCircleFillIcon size={14} /> : <XCircleFillIcon size={14} />}
              </span>
              {words.groups[group as keyof typeof words.groups] ?? group}
              <span className="ml-auto text-xs font-normal text-muted tabular-nums">
                {words.attempts(own.filter((check) => check.held).length, own.length)}
              </span>
            </summary>
            <ul className="mt-2 flex flex-col gap-1 pl-6 text-xs text-soft">
              {own.map((check, at) => (
                // oxlint-disable-next-line react/no-array-index-key -- the attempts of one trial
                <li key={at} className={check.held ? "" : "text-bad"}>
                  {check.name}
                </li>
              ))}
            </ul>
          </details>
        );
      })}
      {untried.length > 0 && (
        <Row label={words.untried} description={untried.map(({ name, why }) => `${name}: ${why}`).join("; ")} />
      )}
    </Rows>
  );
}
