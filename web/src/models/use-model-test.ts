import { useCallback, useRef, useState } from "react";
import type { ModelReport } from "@deckhand/protocol";
import { client } from "../server.ts";

export interface ModelTest {
  readonly running: boolean;
  readonly report: ModelReport | undefined;
  /** Why the test could not run. */
  readonly failure: string;
  readonly reset: () => void;
  /** Resolves to undefined if the test could not run or was superseded. */
  readonly run: (choice: Parameters<typeof client.checkModel>[0]) => Promise<ModelReport | undefined>;
}

/** Tests a model with real calls. A new test aborts the previous one. */
export function useModelTest(): ModelTest {
  const [running, setRunning] = useState(false);
  const [report, setReport] = useState<ModelReport>();
  const [failure, setFailure] = useState("");
  const controllerRef = useRef<AbortController>(undefined);

  const reset = useCallback((): void => {
    controllerRef.current?.abort();
    setRunning(false);
    setReport(undefined);
    setFailure("");
  }, []);
  const run = useCallback<ModelTest["run"]>(
    async (choice) => {
      reset();
      const controller = new AbortController();
      controllerRef.current = controller;
      setRunning(true);
      try {
        const result = await client.checkModel(choice, controller.signal);
        if (controller.signal.aborted) return undefined;
        setReport(result);
        setRunning(false);
        return result;
      } catch (error) {
        if (controller.signal.aborted) return undefined;
        setFailure(error instanceof Error ? error.message : String(error));
        setRunning(false);
        return undefined;
      }
    },
    [reset],
  );
  return { running, report, failure, reset, run };
}
