import { useState, type SubmitEvent } from "react";
import { ServerIcon } from "@primer/octicons-react";
import { useSaveSettings } from "../settings/use-settings.ts";
import { Button } from "../ui/button.tsx";
import { Spinner } from "../ui/progress.tsx";
import { TextField } from "../ui/text-field.tsx";
import { toast } from "../ui/toast.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { TestReport } from "./test-report.tsx";
import { useModelTest } from "./use-model-test.ts";

interface EndpointFormProps {
  readonly onSaved?: () => void;
}

/** Adds a custom endpoint; it is tested and then becomes the default. */
export function EndpointForm({ onSaved }: EndpointFormProps) {
  const t = useMessages();
  const [url, setUrl] = useState("");
  const [model, setModel] = useState("");
  const [key, setKey] = useState("");
  const [failure, setFailure] = useState("");
  const modelTest = useModelTest();
  const save = useSaveSettings();
  const isAddress = /^https?:\/\//.test(url.trim()) && URL.canParse(url.trim());

  const keep = async (): Promise<void> => {
    setFailure("");
    const address = url.trim();
    try {
      await save({
        model: { base_url: address, name: model.trim() || null },
        ...(key.trim() === "" ? {} : { keys: { [new URL(address).origin]: key.trim() } }),
      });
      setKey("");
      toast(t.common.saved, { tone: "good" });
      onSaved?.();
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  const testAndUse = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (!isAddress) return;
    const report = await modelTest.run({
      base_url: url.trim(),
      ...(model.trim() === "" ? {} : { model: model.trim() }),
      ...(key.trim() === "" ? {} : { api_key: key.trim() }),
    });
    if (report?.ok === true) await keep();
  };

  return (
    <form
      onSubmit={(event) => void testAndUse(event)}
      aria-label={t.models.customEndpoint}
      className="flex flex-col gap-3"
    >
      <TextField
        label={t.models.baseUrl}
        labelShown
        type="url"
        placeholder="http://192.168.1.20:8000/v1"
        spellCheck={false}
        value={url}
        onChange={setUrl}
      />
      <div className="grid gap-3 sm:grid-cols-2">
        <TextField
          label={t.models.model}
          labelShown
          placeholder={t.models.firstAvailableModel}
          spellCheck={false}
          value={model}
          onChange={setModel}
        />
        <TextField
          label={t.models.optionalKey}
          labelShown
          type="password"
          autoComplete="off"
          spellCheck={false}
          value={key}
          onChange={setKey}
        />
      </div>
      {modelTest.report !== undefined && <TestReport report={modelTest.report} />}
      {(modelTest.failure || failure) !== "" && (
        <p role="alert" className="text-sm text-bad">
          {modelTest.failure || failure}
        </p>
      )}
      <div className="flex flex-wrap items-center gap-2">
        <Button type="submit" tone="primary" icon={ServerIcon} disabled={modelTest.running || !isAddress}>
          {t.models.testAndUse}
        </Button>
        {modelTest.running && (
          <>
            <Spinner />
            <span className="text-sm text-muted">{t.models.testing}</span>
          </>
        )}
        {modelTest.report !== undefined && !modelTest.report.ok && (
          <Button tone="quiet" onClick={() => void keep()}>
            {t.models.saveAnyway}
          </Button>
        )}
      </div>
    </form>
  );
}
