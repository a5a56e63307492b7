import { useQuery } from "@tanstack/react-query";
import type { ApprovalPolicyName, Settings } from "@deckhand/protocol";
import { useAgents } from "../settings/use-agents.ts";
import { useModels, useSettings } from "../settings/use-settings.ts";
import { client } from "../server.ts";
import { Select } from "../ui/select.tsx";
import { useMessages } from "../i18n/i18n.ts";

/** Who does it, and when a person is asked. What is "" is as the server is configured. */
export interface How {
  readonly model: string;
  readonly agent: string;
  readonly approval: ApprovalPolicyName | "";
}

export const asConfigured: How = { model: "", agent: "", approval: "" };

export function settingsOf({ model, agent, approval }: How): Settings {
  return {
    ...(model === "" ? {} : { model }),
    ...(agent === "" ? {} : { agent_cls: agent }),
    ...(approval === "" ? {} : { approval }),
  };
}

interface HowFieldProps {
  readonly how: How;
  readonly onChange: (how: How) => void;
}

export function HowField({ how, onChange }: HowFieldProps) {
  const { people: words } = useMessages();
  const { models } = useModels();
  const { agents } = useAgents();
  const report = useSettings();
  const usualModel = models?.details.find((each) => each.default)?.name ?? models?.models[0] ?? "";
  const names = models?.models ?? [];
  const policy = report?.effective.approval.policy ?? "risky";
  return (
    <>
      {names.length > 0 && (
        <Select
          quiet
          size="small"
          label={words.model}
          value={how.model}
          choices={[
            { value: "", label: usualModel || words.usualModel, description: words.usualModel },
            ...names.filter((name) => name !== usualModel).map((name) => ({ value: name, label: name })),
          ]}
          onChange={(model) => onChange({ ...how, model })}
        />
      )}
      <Select
        quiet
        size="small"
        label={words.whenAsked}
        value={how.approval === "" ? policy : how.approval}
        choices={(["never", "risky", "always"] as const).map((value) => ({
          value,
          label: words.policies[value].name,
          description: words.policies[value].is,
        }))}
        onChange={(approval) => onChange({ ...how, approval: approval === policy ? "" : approval })}
      />
      {agents.length > 1 && (
        <Select
          quiet
          size="small"
          label={words.agent}
          value={how.agent}
          choices={[
            { value: "", label: words.usualAgent },
            ...agents.map(({ name, description }) => ({
              value: name,
              label: name,
              ...(description === "" ? {} : { description }),
            })),
          ]}
          onChange={(agent) => onChange({ ...how, agent })}
        />
      )}
    </>
  );
}

/** What a conversation took with this model so far; nothing where that is not known. */
export function Estimate({ model }: { readonly model: string }) {
  const { people: words } = useMessages();
  const { data } = useQuery({
    queryKey: ["estimate", model],
    queryFn: ({ signal }) => client.estimate(model === "" ? undefined : model, signal),
    staleTime: 60_000,
    retry: false,
  });
  if (data?.steps === undefined || data.steps === null) return null;
  return (
    <p className="px-1 text-xs text-muted" title={data.sentence}>
      {words.estimate(data.steps.median, data.cost_usd?.median, data.cost_usd?.p90)}
    </p>
  );
}
