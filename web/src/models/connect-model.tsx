import { useState } from "react";
import { BeakerIcon, KeyIcon, ServerIcon, SyncIcon } from "@primer/octicons-react";
import { useModels } from "../settings/use-settings.ts";
import { Button } from "../ui/button.tsx";
import { Spinner } from "../ui/progress.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { EndpointForm } from "./endpoint-form.tsx";
import { KeyForm } from "./key-form.tsx";

interface ConnectModelProps {
  /** Called when a model is available. */
  readonly onDone: () => void;
  readonly onDemo: () => void;
}

/** Shown while no model is configured: add an API key, a custom endpoint, or try the demo. */
export function ConnectModel({ onDone, onDemo }: ConnectModelProps) {
  const t = useMessages();
  const { models, refresh, isRefreshing } = useModels();
  const [way, setWay] = useState<"key" | "server">("key");
  const detectLocal = async (): Promise<void> => {
    await refresh();
    onDone();
  };
  return (
    <section aria-labelledby="set-up" className="rounded-xl border border-line bg-panel p-5 shadow-low">
      <h2 id="set-up" className="text-base font-semibold">
        {t.models.connectTitle}
      </h2>
      <p className="mt-1 text-sm text-muted">{t.models.connectDescription}</p>
      <div className="mt-3 flex flex-wrap items-center gap-2">
        <Button icon={KeyIcon} aria-pressed={way === "key"} onClick={() => setWay("key")}>
          {t.models.apiKey}
        </Button>
        <Button icon={ServerIcon} aria-pressed={way === "server"} onClick={() => setWay("server")}>
          {t.models.customEndpoint}
        </Button>
        <Button icon={SyncIcon} disabled={isRefreshing} onClick={() => void detectLocal()}>
          {t.models.detectLocal}
        </Button>
        {isRefreshing && <Spinner />}
      </div>
      <div className="mt-4">
        {way === "key" ? (
          models !== undefined && <KeyForm providers={models.providers} makesDefault onSaved={onDone} />
        ) : (
          <EndpointForm onSaved={onDone} />
        )}
      </div>
      <div className="mt-4 flex flex-wrap items-center gap-3 border-t border-line pt-4">
        <Button icon={BeakerIcon} onClick={onDemo}>
          {t.models.tryDemo}
        </Button>
        <p className="min-w-52 flex-1 text-xs text-muted">{t.models.tryDemoDescription}</p>
      </div>
    </section>
  );
}
