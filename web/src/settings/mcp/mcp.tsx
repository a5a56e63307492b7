import { useState } from "react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { PlusIcon, TrashIcon } from "@primer/octicons-react";
import type { McpReport, McpServerState, McpServerView, SettingsReport } from "@deckhand/protocol";
import { client } from "../../server.ts";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { Button, IconButton } from "../../ui/button.tsx";
import { Spinner } from "../../ui/progress.tsx";
import { Switch } from "../../ui/switch.tsx";
import { toastFailure } from "../../ui/toast.tsx";
import { useMessages } from "../../i18n/i18n.ts";
import { McpServerForm } from "./mcp-form.tsx";
import { McpTestResult, McpTools } from "./mcp-result.tsx";
import { Row, Rows, Section } from "../fields.tsx";
import { useSaveSettings } from "../use-settings.ts";

const stateTones: Readonly<Record<McpServerState["state"], Tone>> = {
  ready: "good",
  starting: "info",
  waiting: "bad",
  login: "warn",
  off: "plain",
};

export function McpPage({ report }: { readonly report: SettingsReport }) {
  const t = useMessages();
  const [isAdding, setAdding] = useState(false);
  const servers = Object.entries(report.saved.mcp?.servers ?? {});
  const { data: states = [] } = useQuery({
    queryKey: ["mcp"],
    queryFn: ({ signal }) => client.mcpServers(signal),
    // A starting server is ready a moment later.
    refetchInterval: 5_000,
  });
  return (
    <Section
      title={t.settings.sections.mcp}
      description={t.settings.mcp.description}
      actions={
        !isAdding && (
          <Button size="small" icon={PlusIcon} onClick={() => setAdding(true)}>
            {t.settings.mcp.addServer}
          </Button>
        )
      }
    >
      <Rows>
        {servers.map(([name, server]) => (
          <Server
            key={name}
            name={name}
            server={server}
            state={states.find((each) => each.name === name)}
            mayChange={"url" in server || report.processes_here}
          />
        ))}
        {servers.length === 0 && !isAdding && (
          <Row label={<span className="font-normal text-muted">{t.settings.mcp.noServers}</span>} />
        )}
        {isAdding && <McpServerForm onDone={() => setAdding(false)} />}
      </Rows>
      <p className="mt-2 text-xs text-muted">{t.settings.mcp.localServers(report.file)}</p>
    </Section>
  );
}

interface ServerProps {
  readonly name: string;
  readonly server: McpServerView;
  readonly state: McpServerState | undefined;
  readonly mayChange: boolean;
}

function Server({ name, server, state, mayChange }: ServerProps) {
  const t = useMessages();
  const save = useSaveSettings();
  const queries = useQueryClient();
  const [report, setReport] = useState<McpReport>();
  const [isTrying, setTrying] = useState(false);
  const isOn = server.enabled !== false;
  const change = (next: unknown): void => {
    save({ mcp: { servers: { [name]: next } } }).then(
      () => void queries.invalidateQueries({ queryKey: ["mcp"] }),
      toastFailure,
    );
  };
  const check = (): void => {
    setTrying(true);
    client
      .checkMcp({ name })
      .then(setReport, toastFailure)
      .finally(() => setTrying(false));
  };
  return (
    <div className="px-4 py-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <div className="min-w-40 flex-1">
          <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
            {name}
            {state !== undefined && <Badge tone={stateTones[state.state]}>{t.settings.mcp.states[state.state]}</Badge>}
          </p>
          <p className="mt-0.5 truncate font-mono text-xs text-muted">
            {"url" in server ? server.url : [server.command, ...(server.args ?? [])].join(" ")}
          </p>
        </div>
        {isTrying && <Spinner />}
        <Button size="small" disabled={isTrying} onClick={check}>
          {t.models.test}
        </Button>
        {mayChange && (
          <>
            <Switch
              label={<span className="sr-only">{t.settings.mcp.enableServer(name)}</span>}
              checked={isOn}
              onChange={(enabled) => change({ enabled })}
            />
            <IconButton icon={TrashIcon} label={t.settings.mcp.removeServer(name)} onClick={() => change(null)} />
          </>
        )}
      </div>
      {state !== undefined && state.reason !== "" && <p className="mt-1 text-xs text-soft">{state.reason}</p>}
      {state?.login_url !== undefined && /^https?:/.test(state.login_url) && (
        <a
          href={state.login_url}
          target="_blank"
          rel="noopener noreferrer"
          className="mt-1 inline-block text-xs font-medium text-accent underline"
        >
          {t.settings.mcp.signIn}
        </a>
      )}
      {report !== undefined && <McpTestResult report={report} />}
      {report === undefined && state !== undefined && state.tools.length > 0 && <McpTools tools={state.tools} />}
    </div>
  );
}
