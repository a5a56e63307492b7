import { useQuery } from "@tanstack/react-query";
import type { ApprovalPolicyName, Settings } from "@deckhand/protocol";
import { useAgents } from "../settings/use-agents.ts";
import { useModels, useSettings } from "../settings/use-settings.ts";
import { client } from "../server.ts";
import { Select } from "../ui/select.tsx";
import { formatCost } from "../i18n/format.ts";
import { useMessages } from "../i18n/i18n.ts";

/** Who does it, and when a person is asked. What is "" is as the server is configured. */
export interface TaskOptions {
  readonly model: string;
  readonly agent: string;
  readonly approval: ApprovalPolicyName | "";
}

export const defaultOptions: TaskOptions = { model: "", agent: "", approval: "" };

export function settingsOf({ model, agent, approval }: TaskOptions): Settings {
  return {
    ...(model === "" ? {} : { model }),
    ...(agent === "" ? {} : { agent_cls: agent }),
    ...(approval === "" ? {} : { approval }),
  };
}

interface TaskOptionFieldsProps {
  readonly options: TaskOptions;
  readonly onChange: (how: TaskOptions) => void;
}

export function TaskOptionFields({ options: how, onChange }: TaskOptionFieldsProps) {
  const t = useMessages();
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
          label={t.common.model}
          value={how.model}
          choices={[
            { value: "", label: usualModel || t.newTask.defaultModel, description: t.newTask.defaultModel },
            ...names.filter((name) => name !== usualModel).map((name) => ({ value: name, label: name })),
          ]}
          onChange={(model) => onChange({ ...how, model })}
        />
      )}
      <Select
        quiet
        size="small"
        label={t.newTask.approvalPolicy}
        value={how.approval === "" ? policy : how.approval}
        choices={(["never", "risky", "always"] as const).map((value) => ({
          value,
          label: t.newTask.approvalPolicies[value].name,
          description: t.newTask.approvalPolicies[value].description,
        }))}
        onChange={(approval) => onChange({ ...how, approval: approval === policy ? "" : approval })}
      />
      {agents.length > 1 && (
        <Select
          quiet
          size="small"
          label={t.common.agent}
          value={how.agent}
          choices={[
            { value: "", label: t.newTask.defaultAgent },
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

/** Typical steps and cost of a task with this model; empty while nothing is known about it. */
export function Estimate({ model }: { readonly model: string }) {
  const t = useMessages();
  const { data } = useQuery({
    queryKey: ["estimate", model],
    queryFn: ({ signal }) => client.estimate(model === "" ? undefined : model, signal),
    staleTime: 60_000,
    retry: false,
  });
  const steps = data?.steps?.median ?? 0;
  if (steps === 0) return null;
  // A model that costs nothing is described by its steps alone.
  const cost = (data?.cost_usd?.p90 ?? 0) > 0 ? data?.cost_usd : undefined;
  return (
    <p className="px-1 text-xs text-muted">
      {cost === undefined || cost === null
        ? t.newTask.typicalSteps(steps)
        : t.newTask.typicalCost(steps, formatCost(cost.median), formatCost(cost.p90))}
    </p>
  );
}
