import { useState } from "react";
import { BeakerIcon, SyncIcon } from "@primer/octicons-react";
import type { ModelInfo, SettingsReport } from "@deckhand/protocol";
import { AddressForm } from "../models/address-form.tsx";
import { Findings } from "../models/findings.tsx";
import { useTrial } from "../models/use-trial.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Spinner } from "../ui/progress.tsx";
import { Select } from "../ui/select.tsx";
import { toastFailure } from "../ui/toast.tsx";
import { formatCount, formatCost } from "../i18n/format.ts";
import { useMessages } from "../i18n/i18n.ts";
import { Keys } from "./keys.tsx";
import { FromEnvironment, Row, Rows, SavedText, Section } from "./parts.tsx";
import { useModels, useSave } from "./use-settings.ts";

const efforts = ["", "none", "minimal", "low", "medium", "high", "xhigh"] as const;

export function ModelsPage({ report }: { readonly report: SettingsReport }) {
  const { settings: words } = useMessages();
  const { models, look, looking } = useModels();
  const save = useSave();
  const trial = useTrial();
  const [isAdding, setAdding] = useState(false);
  const { model = {} } = report.saved;
  const name = report.effective.model.name ?? "";
  const present = models?.details.find((each) => each.default);
  const isFixed = report.environment["model.name"] !== undefined;
  const names = models?.models ?? [];
  const locals =
    models?.details.filter(({ local, demo, name: each }) => local && !demo && !each.startsWith("scripted/")) ?? [];

  return (
    <>
      <Section title={words.usualModel} description={words.usualModelIs}>
        <Rows>
          <Row
            label={
              <>
                <span className="font-mono">{present?.name ?? (name || "demo")}</span>
                {present?.demo === true && <Badge tone="warn">{words.demo}</Badge>}
                <FromEnvironment report={report} path="model.name" />
              </>
            }
            description={present === undefined ? undefined : <About info={present} />}
          >
            <Button icon={BeakerIcon} disabled={trial.running} onClick={() => void trial.run({})}>
              {words.tryIt}
            </Button>
          </Row>
          {(trial.running || trial.report !== undefined || trial.failure !== "") && (
            <div className="px-4 py-3">
              {trial.running && (
                <p className="flex items-center gap-2 text-sm text-muted">
                  <Spinner /> {words.trying}
                </p>
              )}
              {trial.report !== undefined && <Findings report={trial.report} />}
              {trial.failure !== "" && (
                <p role="alert" className="text-sm text-bad">
                  {trial.failure}
                </p>
              )}
            </div>
          )}
          <Row label={words.modelName} description={words.modelNameIs}>
            <SavedText
              label={words.modelName}
              value={model.name ?? ""}
              placeholder={words.found}
              disabled={isFixed}
              suggestions={names}
              onSave={(next) => save({ model: { name: next || null } })}
            />
          </Row>
          <Row
            label={
              <>
                {words.address} <FromEnvironment report={report} path="model.base_url" />
              </>
            }
            description={words.addressIs}
          >
            <SavedText
              label={words.address}
              type="url"
              value={model.base_url ?? ""}
              placeholder={words.ofProvider}
              disabled={report.environment["model.base_url"] !== undefined}
              onSave={(next) => save({ model: { base_url: next || null } })}
            />
          </Row>
          <Row label={words.fallbacks} description={words.fallbacksIs}>
            <SavedText
              label={words.fallbacks}
              value={(model.fallbacks ?? []).join(", ")}
              placeholder={words.none}
              suggestions={names}
              onSave={(next) => save({ model: { fallbacks: listed(next) } })}
            />
            {(model.fallbacks ?? []).map((each) => (
              <TryModel key={each} name={each} />
            ))}
          </Row>
          <Row label={words.smallModel} description={words.smallModelIs}>
            <SavedText
              label={words.smallModel}
              value={model.small_model ?? ""}
              placeholder={words.theSame}
              suggestions={names}
              onSave={(next) => save({ model: { small_model: next || null } })}
            />
            {model.small_model !== undefined && <TryModel name={model.small_model} />}
          </Row>
          <Row label={words.effort} description={words.effortIs}>
            <Select
              label={words.effort}
              value={model.reasoning_effort ?? ""}
              choices={efforts.map((value) => ({ value, label: value === "" ? words.itsOwn : words.efforts[value] }))}
              onChange={(next) => void save({ model: { reasoning_effort: next || null } }).catch(toastFailure)}
            />
          </Row>
        </Rows>
      </Section>

      <Section
        title={words.local}
        description={words.localIs}
        actions={
          <Button size="small" icon={SyncIcon} disabled={looking} onClick={() => void look()}>
            {words.lookAgain}
          </Button>
        }
      >
        <Rows>
          {locals.map((info) => (
            <Row
              key={info.name}
              label={<span className="font-mono">{info.name}</span>}
              description={<About info={info} />}
            >
              {!info.default && (
                <Button
                  size="small"
                  disabled={isFixed}
                  onClick={() => void save({ model: { name: info.name, base_url: null } }).catch(toastFailure)}
                >
                  {words.useIt}
                </Button>
              )}
            </Row>
          ))}
          {locals.length === 0 && <Row label={<span className="font-normal text-muted">{words.noneFound}</span>} />}
          {isAdding ? (
            <div className="px-4 py-4">
              <AddressForm onSaved={() => setAdding(false)} />
            </div>
          ) : (
            <Row label={words.ownServer} description={words.ownServerIs}>
              <Button size="small" onClick={() => setAdding(true)}>
                {words.add}
              </Button>
            </Row>
          )}
        </Rows>
      </Section>

      {models !== undefined && <Keys report={report} providers={models.providers} />}
    </>
  );
}

/** One that is asked now and then: tried here, so that it is not found out when it is needed. */
function TryModel({ name }: { readonly name: string }) {
  const { settings: words } = useMessages();
  const trial = useTrial();
  return (
    <div className="flex basis-full flex-col gap-2">
      <Button
        size="small"
        tone="quiet"
        icon={BeakerIcon}
        className="self-start"
        disabled={trial.running}
        onClick={() => void trial.run({ model: name })}
      >
        {words.tryNamed(name)}
      </Button>
      {trial.running && <Spinner label={words.trying} />}
      {trial.report !== undefined && <Findings report={trial.report} />}
      {trial.failure !== "" && (
        <p role="alert" className="text-sm text-bad">
          {trial.failure}
        </p>
      )}
    </div>
  );
}

/** What is known of it, in a line. */
function About({ info }: { readonly info: ModelInfo }) {
  const { settings: words } = useMessages();
  const facts = [
    info.provider,
    info.context_tokens === null ? "" : words.contextOf(formatCount(info.context_tokens)),
    info.tools === false ? words.toldTools : "",
    info.images ? words.seesImages : "",
    info.price === null ? "" : words.priceOf(formatCost(info.price.input), formatCost(info.price.output)),
  ];
  return facts.filter((fact) => fact !== "").join(" · ");
}

function listed(text: string): readonly string[] | null {
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return names.length === 0 ? null : names;
}
