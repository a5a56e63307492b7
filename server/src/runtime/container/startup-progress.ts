/** What starting containers is currently waiting for, reported to everyone who waits. */
import { statusChecks } from "./escape-checks.ts";
import type { RuntimeStatus } from "../runtime.ts";

export interface StartupProgress {
  /** An empty sentence means that the step has ended. */
  report(sentence: string): void;
  /** Calls the listener with the current step, if any, and with every further one until disposed of. */
  subscribe(listener: ((sentence: string) => void) | undefined): Disposable;
  /** Resolves after that time with a status that says that no commands run yet, and why. */
  statusAfter(ms: number, kind: RuntimeStatus["kind"]): Promise<RuntimeStatus>;
}

export function startupProgress(): StartupProgress {
  const listeners = new Set<(sentence: string) => void>();
  let current = "";
  return {
    report(sentence) {
      current = sentence;
      for (const listener of listeners) listener(sentence);
    },
    subscribe(listener) {
      if (listener === undefined) return { [Symbol.dispose]: () => {} };
      listeners.add(listener);
      if (current !== "") listener(current);
      return { [Symbol.dispose]: () => listeners.delete(listener) };
    },
    async statusAfter(ms, kind) {
      await new Promise((resolve) => setTimeout(resolve, ms).unref());
      const sentence = `Commands cannot run yet: ${current || "waiting for an answer"}.`;
      return { kind, proven: false, sentence, ...statusChecks([]) };
    },
  };
}
