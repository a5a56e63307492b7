import { useState } from "react";
import { BeakerIcon, SyncIcon } from "@primer/octicons-react";
import type { ModelInfo, SettingsReport } from "@deckhand/protocol";
import { EndpointForm } from "../models/endpoint-form.tsx";
import { TestReport } from "../models/test-report.tsx";
import { useModelTest } from "../models/use-model-test.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Spinner } from "../ui/progress.tsx";
import { Select } from "../ui/select.tsx";
import { toastFailure } from "../ui/toast.tsx";
import { formatCount, formatCost } from "../i18n/format.ts";
import { useMessages } from "../i18n/i18n.ts";
import { Keys } from "./keys.tsx";
import { EnvironmentBadge, Row, Rows, SavedTextField, Section } from "./fields.tsx";
import { useModels, useSaveSettings } from "./use-settings.ts";

const efforts = ["", "none", "minimal", "low", "medium", "high", "xhigh"] as const;

export function ModelsPage({ report }: { readonly report: SettingsReport }) {
  const t = useMessages();
  const { models, refresh, isRefreshing } = useModels();
  const save = useSaveSettings();
  const modelTest = useModelTest();
  const [isAdding, setAdding] = useState(false);
  const { model = {} } = report.saved;
  const name = report.effective.model.name ?? "";
  const defaultModel = models?.details.find((each) => each.default);
  const isFixed = report.environment["model.name"] !== undefined;
  const names = models?.models ?? [];
  const localModels =
    models?.details.filter(({ local, demo, name: each }) => local && !demo && !each.startsWith("scripted/")) ?? [];

  return (
    <>
      <Section title={t.settings.models.defaultModel} description={t.settings.models.defaultModelDescription}>
        <Rows>
          <Row
            label={
              <>
                <span className="font-mono">{defaultModel?.name ?? (name || "demo")}</span>
                {defaultModel?.demo === true && <Badge tone="warn">{t.settings.models.demo}</Badge>}
                <EnvironmentBadge report={report} path="model.name" />
              </>
            }
            description={defaultModel === undefined ? undefined : <ModelFacts info={defaultModel} />}
          >
            <Button icon={BeakerIcon} disabled={modelTest.running} onClick={() => void modelTest.run({})}>
              {t.models.test}
            </Button>
          </Row>
          {(modelTest.running || modelTest.report !== undefined || modelTest.failure !== "") && (
            <div className="px-4 py-3">
              {modelTest.running && (
                <p className="flex items-center gap-2 text-sm text-muted">
                  <Spinner /> {t.models.testing}
                </p>
              )}
              {modelTest.report !== undefined && <TestReport report={modelTest.report} />}
              {modelTest.failure !== "" && (
                <p role="alert" className="text-sm text-bad">
                  {modelTest.failure}
                </p>
              )}
            </div>
          )}
          <Row label={t.models.model} description={t.settings.models.modelDescription}>
            <SavedTextField
              label={t.models.model}
              value={model.name ?? ""}
              placeholder={t.settings.models.autoDetect}
              disabled={isFixed}
              suggestions={names}
              onSave={(next) => save({ model: { name: next || null } })}
            />
          </Row>
          <Row
            label={
              <>
                {t.models.baseUrl} <EnvironmentBadge report={report} path="model.base_url" />
              </>
            }
            description={t.settings.models.baseUrlDescription}
          >
            <SavedTextField
              label={t.models.baseUrl}
              type="url"
              value={model.base_url ?? ""}
              placeholder={t.settings.models.providerDefault}
              disabled={report.environment["model.base_url"] !== undefined}
              onSave={(next) => save({ model: { base_url: next || null } })}
            />
          </Row>
          <Row label={t.settings.models.fallbacks} description={t.settings.models.fallbacksDescription}>
            <SavedTextField
              label={t.settings.models.fallbacks}
              value={(model.fallbacks ?? []).join(", ")}
              placeholder={t.common.none}
              suggestions={names}
              onSave={(next) => save({ model: { fallbacks: parseNames(next) } })}
            />
            {(model.fallbacks ?? []).map((each) => (
              <TestModel key={each} name={each} />
            ))}
          </Row>
          <Row label={t.settings.models.smallModel} description={t.settings.models.smallModelDescription}>
            <SavedTextField
              label={t.settings.models.smallModel}
              value={model.small_model ?? ""}
              placeholder={t.settings.models.sameAsDefault}
              suggestions={names}
              onSave={(next) => save({ model: { small_model: next || null } })}
            />
            {model.small_model !== undefined && <TestModel name={model.small_model} />}
          </Row>
          <Row label={t.settings.models.effort} description={t.settings.models.effortDescription}>
            <Select
              label={t.settings.models.effort}
              value={model.reasoning_effort ?? ""}
              choices={efforts.map((value) => ({
                value,
                label: value === "" ? t.settings.models.efforts.default : t.settings.models.efforts[value],
              }))}
              onChange={(next) => void save({ model: { reasoning_effort: next || null } }).catch(toastFailure)}
            />
          </Row>
        </Rows>
      </Section>

      <Section
        title={t.settings.models.local}
        description={t.settings.models.localDescription}
        actions={
          <Button size="small" icon={SyncIcon} disabled={isRefreshing} onClick={() => void refresh()}>
            {t.settings.models.refresh}
          </Button>
        }
      >
        <Rows>
          {localModels.map((info) => (
            <Row
              key={info.name}
              label={<span className="font-mono">{info.name}</span>}
              description={<ModelFacts info={info} />}
            >
              {!info.default && (
                <Button
                  size="small"
                  disabled={isFixed}
                  onClick={() => void save({ model: { name: info.name, base_url: null } }).catch(toastFailure)}
                >
                  {t.settings.models.use}
                </Button>
              )}
            </Row>
          ))}
          {localModels.length === 0 && (
            <Row label={<span className="font-normal text-muted">{t.settings.models.noLocal}</span>} />
          )}
          {isAdding ? (
            <div className="px-4 py-4">
              <EndpointForm onSaved={() => setAdding(false)} />
            </div>
          ) : (
            <Row label={t.models.customEndpoint} description={t.settings.models.customEndpointDescription}>
              <Button size="small" onClick={() => setAdding(true)}>
                {t.common.add}
              </Button>
            </Row>
          )}
        </Rows>
      </Section>

      {models !== undefined && <Keys report={report} providers={models.providers} />}
    </>
  );
}

/** Tests a model that is called only occasionally, so that a mistake is noticed before it is needed. */
function TestModel({ name }: { readonly name: string }) {
  const t = useMessages();
  const modelTest = useModelTest();
  return (
    <div className="flex basis-full flex-col gap-2">
      <Button
        size="small"
        tone="quiet"
        icon={BeakerIcon}
        className="self-start"
        disabled={modelTest.running}
        onClick={() => void modelTest.run({ model: name })}
      >
        {t.models.testNamed(name)}
      </Button>
      {modelTest.running && <Spinner label={t.models.testing} />}
      {modelTest.report !== undefined && <TestReport report={modelTest.report} />}
      {modelTest.failure !== "" && (
        <p role="alert" className="text-sm text-bad">
          {modelTest.failure}
        </p>
      )}
    </div>
  );
}

/** The known facts about a model, on one line. */
function ModelFacts({ info }: { readonly info: ModelInfo }) {
  const t = useMessages();
  const facts = [
    info.provider,
    info.context_tokens === null ? "" : t.settings.models.contextWindow(formatCount(info.context_tokens)),
    info.tools === false ? t.settings.models.promptedTools : "",
    info.images ? t.settings.models.supportsImages : "",
    info.price === null ? "" : t.settings.models.price(formatCost(info.price.input), formatCost(info.price.output)),
  ];
  return facts.filter((fact) => fact !== "").join(" · ");
}

function parseNames(text: string): readonly string[] | null {
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return names.length === 0 ? null : names;
}
