/** What the start of containers is at, for all who wait for it. */
import { statusChecks } from "./escape-checks.ts";
import type { RuntimeStatus } from "../runtime.ts";

export interface StartupProgress {
  report(sentence: string): void;
  /** Hears what comes, and the present one at once, until disposed of. */
  subscribe(listener: ((sentence: string) => void) | undefined): Disposable;
  /** For who asks meanwhile: after that time, that nothing runs yet, and why. */
  statusAfter(ms: number, kind: RuntimeStatus["kind"]): Promise<RuntimeStatus>;
}

export function startupProgress(): StartupProgress {
  const listeners = new Set<(sentence: string) => void>();
  let now = "";
  return {
    report(sentence) {
      now = sentence;
      for (const listener of listeners) listener(sentence);
    },
    subscribe(listener) {
      if (listener === undefined) return { [Symbol.dispose]: () => {} };
      listeners.add(listener);
      if (now !== "") listener(now);
      return { [Symbol.dispose]: () => listeners.delete(listener) };
    },
    async statusAfter(ms, kind) {
      await new Promise((resolve) => setTimeout(resolve, ms).unref());
      const sentence = `No command is run yet: ${now || "nothing has answered"}.`;
      return { kind, proven: false, sentence, ...statusChecks([]) };
    },
  };
}
