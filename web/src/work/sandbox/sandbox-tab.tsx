import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.ts";
import type { WorkTabProps } from "../tab-props.ts";
import { IsolationSection } from "./isolation-section.tsx";
import { JobsSection } from "./jobs-section.tsx";
import { NetworkSection } from "./network-section.tsx";

/** Isolation, network access and background processes of the agent's commands. */
export function SandboxTab({ conversation, snapshot: { events, state } }: WorkTabProps) {
  const t = useMessages();
  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-5 py-4">
      <Section title={t.work.sandbox.isolation}>
        <IsolationSection conversation={conversation} />
      </Section>
      <Section title={t.work.sandbox.network}>
        <NetworkSection conversation={conversation} events={events} allowed={state.allowedHosts} />
      </Section>
      <Section title={t.work.sandbox.processes}>
        <JobsSection conversation={conversation} jobs={state.jobs} events={events} />
      </Section>
    </div>
  );
}

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section aria-label={title} className="pb-7">
      <h3 className="pb-2 text-sm font-semibold">{title}</h3>
      {children}
    </section>
  );
}
