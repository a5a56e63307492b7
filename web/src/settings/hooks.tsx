import { hookEvents, type SettingsReport } from "@deckhand/protocol";
import { Badge } from "../ui/badge.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { Row, Rows, Section } from "./fields.tsx";

/** Read-only: hooks run outside the sandbox, so they are configured on the server. */
export function HooksPage({ report }: { readonly report: SettingsReport }) {
  const t = useMessages();
  const { hooks = {} } = report.saved;
  const all = hookEvents.flatMap((event) => (hooks[event] ?? []).map((hook, at) => ({ event, hook, at })));
  return (
    <Section title={t.settings.sections.hooks} description={t.settings.hooks.description}>
      <Rows>
        {all.map(({ event, hook, at }) => (
          <Row
            key={`${event} ${at}`}
            label={
              <>
                <Badge tone="accent">{t.settings.hooks.events[event]}</Badge>
                {hook.name}
                {hook.action !== undefined && <Badge>{hook.action}</Badge>}
                {hook.sandbox === true && <Badge tone="good">{t.settings.hooks.inSandbox}</Badge>}
              </>
            }
            description={<code className="plain-text">{hook.command}</code>}
          />
        ))}
        {all.length === 0 && <Row label={<span className="font-normal text-muted">{t.settings.hooks.noHooks}</span>} />}
      </Rows>
      <p className="mt-2 text-xs text-muted">
        {t.settings.hooks.configuredIn} <code className="break-all">{report.file}</code>
      </p>
      <pre className="mt-2 overflow-x-auto rounded-lg border border-line bg-code p-3 text-xs">{example}</pre>
    </Section>
  );
}

const example = `{
  "hooks": {
    "before_action": [{ "action": "run", "pattern": "git push *", "command": "./ask-me.sh" }],
    "stop": [{ "command": "npm test", "sandbox": true }]
  }
}`;
