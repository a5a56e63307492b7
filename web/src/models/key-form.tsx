import { useState, type SubmitEvent } from "react";
import { KeyIcon } from "@primer/octicons-react";
import type { ModelProvider } from "@deckhand/protocol";
import { useSaveSettings } from "../settings/use-settings.ts";
import { Button } from "../ui/button.tsx";
import { Spinner } from "../ui/progress.tsx";
import { Select } from "../ui/select.tsx";
import { TextField } from "../ui/text-field.tsx";
import { toast } from "../ui/toast.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { TestReport } from "./test-report.tsx";
import { suggestedModelOf, keyProviders, keyOwnerOf } from "./key-owner.ts";
import { useModelTest } from "./use-model-test.ts";

interface KeyFormProps {
  readonly providers: readonly ModelProvider[];
  /** Also make the tested model the default. */
  readonly makesDefault: boolean;
  readonly onSaved?: () => void;
}

/** Takes an API key, tests it with a real call and saves it if it works. */
export function KeyForm({ providers, makesDefault, onSaved }: KeyFormProps) {
  const t = useMessages();
  const keyProviderList = keyProviders(providers);
  const [prefix, setPrefix] = useState(keyProviderList[0]?.prefix ?? "");
  const provider = keyProviderList.find((each) => each.prefix === prefix) ?? keyProviderList[0];
  const [typedModel, setTypedModel] = useState<string>();
  const [key, setKey] = useState("");
  const modelTest = useModelTest();
  const save = useSaveSettings();
  const [failure, setFailure] = useState("");
  if (provider === undefined) return null;
  const model = typedModel ?? suggestedModelOf(provider);
  const name = model === "" || model.startsWith(`${provider.prefix}/`) ? model : `${provider.prefix}/${model}`;

  const saveKey = async (): Promise<void> => {
    const owner = keyOwnerOf(provider.prefix);
    if (owner === undefined) return;
    setFailure("");
    try {
      await save({ keys: { [owner]: key.trim() }, ...(makesDefault ? { model: { name, base_url: null } } : {}) });
      setKey("");
      toast(t.models.keySaved(provider.label), { tone: "good" });
      onSaved?.();
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  const testAndSave = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (key.trim() === "" || name === "") return;
    const report = await modelTest.run({ model: name, api_key: key.trim() });
    if (report?.ok === true) await saveKey();
  };
  const hasFailed = modelTest.report !== undefined && !modelTest.report.ok;

  return (
    <form onSubmit={(event) => void testAndSave(event)} aria-label={t.models.addKey} className="flex flex-col gap-3">
      <div className="grid gap-3 sm:grid-cols-[auto_1fr]">
        <div className="flex flex-col gap-1">
          <span className="text-sm font-medium">{t.models.provider}</span>
          <Select
            label={t.models.provider}
            value={provider.prefix}
            choices={keyProviderList.map((each) => ({ value: each.prefix, label: each.label }))}
            onChange={(next) => {
              setPrefix(next);
              setTypedModel(undefined);
              modelTest.reset();
            }}
          />
        </div>
        <TextField
          label={t.models.testModel}
          labelShown
          value={model}
          placeholder={`${provider.prefix}/…`}
          list={`models-of-${provider.prefix}`}
          spellCheck={false}
          onChange={setTypedModel}
        />
        <datalist id={`models-of-${provider.prefix}`}>
          {provider.known.map((each) => (
            <option key={each} value={`${provider.prefix}/${each}`} />
          ))}
        </datalist>
      </div>
      <TextField
        label={t.models.apiKey}
        labelShown
        type="password"
        autoComplete="off"
        spellCheck={false}
        value={key}
        description={t.models.keyDescription}
        onChange={(next) => {
          setKey(next);
          modelTest.reset();
        }}
      />
      {modelTest.report !== undefined && <TestReport report={modelTest.report} />}
      {(modelTest.failure || failure) !== "" && (
        <p role="alert" className="text-sm text-bad">
          {modelTest.failure || failure}
        </p>
      )}
      <div className="flex flex-wrap items-center gap-2">
        <Button
          type="submit"
          tone="primary"
          icon={KeyIcon}
          disabled={modelTest.running || key.trim() === "" || name === ""}
        >
          {t.models.testAndSave}
        </Button>
        {modelTest.running && (
          <>
            <Spinner />
            <span className="text-sm text-muted">{t.models.testing}</span>
          </>
        )}
        {hasFailed && (
          <Button tone="quiet" onClick={() => void saveKey()}>
            {t.models.saveAnyway}
          </Button>
        )}
      </div>
    </form>
  );
}
