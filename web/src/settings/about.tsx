import { useQuery } from "@tanstack/react-query";
import type { SettingsReport } from "@deckhand/protocol";
import { conversationUrl } from "../urls.ts";
import { client, useHealth } from "../server.ts";
import { Link } from "../shell/link.tsx";
import { formatCount, formatCost } from "../i18n/format.ts";
import { useMessages } from "../i18n/i18n.ts";
import { Row, Rows, Section } from "./fields.tsx";

export function AboutPage({ report }: { readonly report: SettingsReport }) {
  const t = useMessages();
  const { health } = useHealth();
  const { data: costs } = useQuery({ queryKey: ["costs"], queryFn: ({ signal }) => client.costs(undefined, signal) });
  const value = (text: string) => <span className="text-sm break-all text-soft">{text}</span>;
  return (
    <>
      <Section title={t.settings.sections.about}>
        <Rows>
          <Row label={t.settings.about.version}>{value(health?.version ?? "")}</Row>
          <Row label={t.settings.about.protocol}>{value(health?.protocol ?? "")}</Row>
          <Row label={t.settings.about.server}>{value(location.origin)}</Row>
          <Row label={t.settings.about.settingsFile}>
            <code className="text-xs break-all text-soft">{report.file}</code>
          </Row>
        </Rows>
      </Section>
      {costs !== undefined && (
        <Section title={t.settings.about.spending} description={t.settings.about.spendingSince(costs.since)}>
          <Rows>
            <Row
              label={formatCost(costs.total.cost_usd)}
              description={t.settings.about.usage(
                costs.total.calls,
                formatCount(costs.total.input + costs.total.output),
                costs.total.unpriced_calls,
              )}
            />
            {costs.models.slice(0, 8).map((each) => (
              <Row key={each.model} label={<span className="font-mono font-normal">{each.model}</span>}>
                {value(formatCost(each.cost_usd))}
              </Row>
            ))}
          </Rows>
          {costs.conversations.length > 0 && (
            <>
              <h3 className="label-small mt-4 mb-1.5">{t.settings.about.expensiveConversations}</h3>
              <Rows>
                {costs.conversations.slice(0, 5).map((each) => (
                  <Row
                    key={each.id}
                    label={
                      <Link href={conversationUrl(each.id)} className="font-normal hover:underline">
                        {each.title || t.common.untitled}
                      </Link>
                    }
                  >
                    {value(formatCost(each.cost_usd))}
                  </Row>
                ))}
              </Rows>
            </>
          )}
        </Section>
      )}
    </>
  );
}
