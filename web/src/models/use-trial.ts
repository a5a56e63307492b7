import { useCallback, useRef, useState } from "react";
import type { ModelReport } from "@deckhand/protocol";
import { client } from "../server.ts";

export interface Trial {
  readonly running: boolean;
  readonly report: ModelReport | undefined;
  /** Why it could not be tried. */
  readonly failure: string;
  readonly forget: () => void;
  /** Undefined where it could not be tried, or something else was meanwhile. */
  readonly run: (trial: Parameters<typeof client.checkModel>[0]) => Promise<ModelReport | undefined>;
}

/** Tries a model with real calls; one at a time, the last counts. */
export function useTrial(): Trial {
  const [running, setRunning] = useState(false);
  const [report, setReport] = useState<ModelReport>();
  const [failure, setFailure] = useState("");
  const stop = useRef<AbortController>(undefined);

  const forget = useCallback((): void => {
    stop.current?.abort();
    setRunning(false);
    setReport(undefined);
    setFailure("");
  }, []);
  const run = useCallback<Trial["run"]>(
    async (trial) => {
      forget();
      const mine = new AbortController();
      stop.current = mine;
      setRunning(true);
      try {
        const found = await client.checkModel(trial, mine.signal);
        if (mine.signal.aborted) return undefined;
        setReport(found);
        setRunning(false);
        return found;
      } catch (error) {
        if (mine.signal.aborted) return undefined;
        setFailure(error instanceof Error ? error.message : String(error));
        setRunning(false);
        return undefined;
      }
    },
    [forget],
  );
  return { running, report, failure, forget, run };
}
