import type { TerminalSize } from "@deckhand/protocol";

export interface Window {
  /** Undefined until the window has reported it. */
  readonly size: TerminalSize | undefined;
  /** Higher is later; 0: never. */
  readonly typedAt: number;
}

/**
 * The size of a terminal with several watchers: that of the window in which somebody typed last, so that mere watching changes
 * nothing for the others. Until somebody types, the first window counts. Undefined: the size stays as it is.
 */
export function agreedSize(windows: readonly Window[]): TerminalSize | undefined {
  const known = windows.filter(({ size }) => size !== undefined);
  const last = known.reduce<Window | undefined>(
    (best, each) => (best === undefined || each.typedAt > best.typedAt ? each : best),
    undefined,
  );
  return last?.size;
}
