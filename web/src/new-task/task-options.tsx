import { useQuery } from "@tanstack/react-query";
import type { ApprovalPolicyName, Settings } from "@deckhand/protocol";
import { useAgents } from "../settings/use-agents.ts";
import { useModels, useSettings } from "../settings/use-settings.ts";
import { client } from "../server.ts";
import { Select } from "../ui/select.tsx";
import { formatCost } from "../i18n/format.ts";
import { useMessages } from "../i18n/i18n.ts";

/** Options of a new task. An empty string stands for the default of the server. */
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
  readonly onChange: (options: TaskOptions) => void;
}

export function TaskOptionFields({ options, onChange }: TaskOptionFieldsProps) {
  const t = useMessages();
  const { models } = useModels();
  const { agents } = useAgents();
  const report = useSettings();
  const defaultModel = models?.details.find((each) => each.default)?.name ?? models?.models[0] ?? "";
  const names = models?.models ?? [];
  const policy = report?.effective.approval.policy ?? "risky";
  return (
    <>
      {names.length > 0 && (
        <Select
          quiet
          size="small"
          label={t.common.model}
          value={options.model}
          choices={[
            { value: "", label: defaultModel || t.newTask.defaultModel, description: t.newTask.defaultModel },
            ...names.filter((name) => name !== defaultModel).map((name) => ({ value: name, label: name })),
          ]}
          onChange={(model) => onChange({ ...options, model })}
        />
      )}
      <Select
        quiet
        size="small"
        label={t.newTask.approvalPolicy}
        value={options.approval === "" ? policy : options.approval}
        choices={(["never", "risky", "always"] as const).map((value) => ({
          value,
          label: t.newTask.approvalPolicies[value].name,
          description: t.newTask.approvalPolicies[value].description,
        }))}
        onChange={(approval) => onChange({ ...options, approval: approval === policy ? "" : approval })}
      />
      {agents.length > 1 && (
        <Select
          quiet
          size="small"
          label={t.common.agent}
          value={options.agent}
          choices={[
            { value: "", label: t.newTask.defaultAgent },
            ...agents.map(({ name, description }) => ({
              value: name,
              label: name,
              ...(description === "" ? {} : { description }),
            })),
          ]}
          onChange={(agent) => onChange({ ...options, agent })}
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
