import { useState, type SubmitEvent } from "react";
import { useQueryClient } from "@tanstack/react-query";
import type { McpReport } from "@deckhand/protocol";
import { client } from "../../server.ts";
import { Button } from "../../ui/button.tsx";
import { Spinner } from "../../ui/progress.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { useMessages } from "../../i18n/i18n.ts";
import { McpTestResult } from "./mcp-result.tsx";
import { useSaveSettings } from "../use-settings.ts";

/** Adds a server by URL; it is tested before it is saved. */
export function McpServerForm({ onDone }: { readonly onDone: () => void }) {
  const t = useMessages();
  const save = useSaveSettings();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [token, setToken] = useState("");
  const [report, setReport] = useState<McpReport>();
  const [failure, setFailure] = useState("");
  const [isTrying, setTrying] = useState(false);
  const server = {
    url: url.trim(),
    ...(token.trim() === "" ? {} : { headers: { Authorization: `Bearer ${token.trim()}` } }),
  };
  const isComplete = name.trim() !== "" && URL.canParse(url.trim());

  const keep = async (): Promise<void> => {
    try {
      await save({ mcp: { servers: { [name.trim()]: server } } });
      void queries.invalidateQueries({ queryKey: ["mcp"] });
      onDone();
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  const tryIt = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (!isComplete) return;
    setFailure("");
    setReport(undefined);
    setTrying(true);
    try {
      const found = await client.checkMcp({ server });
      setReport(found);
      if (found.ok) await keep();
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    } finally {
      setTrying(false);
    }
  };
  return (
    <form
      onSubmit={(event) => void tryIt(event)}
      aria-label={t.settings.mcp.addServer}
      className="flex flex-col gap-3 px-4 py-4"
    >
      <div className="grid gap-3 sm:grid-cols-[10rem_1fr]">
        <TextField label={t.settings.mcp.name} labelShown spellCheck={false} value={name} onChange={setName} />
        <TextField
          label={t.settings.mcp.url}
          labelShown
          type="url"
          placeholder="https://example.org/mcp"
          spellCheck={false}
          value={url}
          onChange={setUrl}
        />
      </div>
      <TextField
        label={t.settings.mcp.optionalToken}
        labelShown
        type="password"
        autoComplete="off"
        spellCheck={false}
        value={token}
        onChange={setToken}
      />
      {report !== undefined && <McpTestResult report={report} />}
      {failure !== "" && (
        <p role="alert" className="text-sm text-bad">
          {failure}
        </p>
      )}
      <div className="flex flex-wrap items-center gap-2">
        <Button type="submit" tone="primary" disabled={!isComplete || isTrying}>
          {t.models.testAndSave}
        </Button>
        {report?.ok === false && (
          <Button tone="quiet" onClick={() => void keep()}>
            {t.models.saveAnyway}
          </Button>
        )}
        <Button tone="quiet" onClick={onDone}>
          {t.common.cancel}
        </Button>
        {isTrying && <Spinner />}
      </div>
    </form>
  );
}
