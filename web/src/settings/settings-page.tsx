import type { ReactNode } from "react";
import {
  CpuIcon,
  GlobeIcon,
  InfoIcon,
  PeopleIcon,
  PlugIcon,
  ShieldCheckIcon,
  ShieldLockIcon,
  ZapIcon,
  type Icon,
} from "@primer/octicons-react";
import type { SettingsReport } from "@deckhand/protocol";
import { settingsUrl } from "../urls.ts";
import { Link } from "../shell/link.tsx";
import { PageFrame } from "../shell/page-frame.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { AboutPage } from "./about.tsx";
import { AgentsPage } from "./agents.tsx";
import { AppearancePage } from "./appearance.tsx";
import { ApprovalsPage } from "./approvals.tsx";
import { HooksPage } from "./hooks.tsx";
import { McpPage } from "./mcp/mcp.tsx";
import { ModelsPage } from "./models.tsx";
import { SandboxPage } from "./sandbox.tsx";
import { useSettings } from "./use-settings.ts";

const sections = ["models", "agents", "approvals", "sandbox", "mcp", "hooks", "appearance", "about"] as const;
export type SettingsSectionName = (typeof sections)[number];

const icons: Readonly<Record<SettingsSectionName, Icon>> = {
  models: CpuIcon,
  agents: PeopleIcon,
  approvals: ShieldCheckIcon,
  sandbox: ShieldLockIcon,
  mcp: PlugIcon,
  hooks: ZapIcon,
  appearance: GlobeIcon,
  about: InfoIcon,
};

/** `section` is the part of the URL after `/settings/`. */
export function SettingsPage({ section }: { readonly section: string }) {
  const t = useMessages();
  const report = useSettings();
  const current = sections.find((each) => each === section) ?? "models";
  return (
    <PageFrame title={t.app.settings} wide>
      <div className="flex flex-1 gap-8 max-md:flex-col max-md:gap-5">
        <nav
          aria-label={t.app.settings}
          className="flex w-50 shrink-0 flex-col gap-px self-start max-md:w-full max-md:flex-row max-md:overflow-x-auto max-md:pb-1"
        >
          {sections.map((each) => {
            const Mark = icons[each];
            return (
              <Link
                key={each}
                href={settingsUrl(each)}
                current={each === current}
                className={`flex h-8 shrink-0 items-center gap-2 rounded-md px-2.5 text-sm font-medium ${
                  each === current ? "bg-active text-ink" : "text-soft hover:bg-raised hover:text-ink"
                }`}
              >
                <Mark size={14} />
                {t.settings.sections[each]}
              </Link>
            );
          })}
        </nav>
        <div className="min-w-0 flex-1">
          {report !== undefined && <Problems report={report} />}
          {report === undefined ? <Skeleton /> : pageOf(current, report)}
        </div>
      </div>
    </PageFrame>
  );
}

function pageOf(section: SettingsSectionName, report: SettingsReport): ReactNode {
  switch (section) {
    case "models":
      return <ModelsPage report={report} />;
    case "agents":
      return <AgentsPage report={report} />;
    case "approvals":
      return <ApprovalsPage report={report} />;
    case "sandbox":
      return <SandboxPage report={report} />;
    case "mcp":
      return <McpPage report={report} />;
    case "hooks":
      return <HooksPage report={report} />;
    case "appearance":
      return <AppearancePage />;
    case "about":
      return <AboutPage report={report} />;
  }
}

/** Problems of the settings file. Shown in every section, because nothing can be saved until they are fixed. */
function Problems({ report }: { readonly report: SettingsReport }) {
  const t = useMessages();
  if (report.problems.length === 0) return null;
  return (
    <div role="alert" className="mb-6 rounded-lg border border-bad/50 bg-bad-soft p-3 text-sm">
      <p className="font-medium">{t.settings.fileInvalid(report.file)}</p>
      <ul className="mt-1 list-disc pl-5">
        {report.problems.map(({ section = "", problem }) => (
          <li key={`${section} ${problem}`}>
            {section !== "" && <code>{section}: </code>}
            {problem}
          </li>
        ))}
      </ul>
    </div>
  );
}
