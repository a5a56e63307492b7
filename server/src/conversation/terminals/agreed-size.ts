import type { TerminalSize } from "@deckhand/protocol";

export interface Window {
  /** Not known yet. */
  readonly size: TerminalSize | undefined;
  /** Later is more; 0: never. */
  readonly typedAt: number;
}

/**
 * The size of a terminal that several watch: whoever typed last sees it in full, and who only watches changes nothing for the others.
 * Where nobody has typed it is the one who came first. Undefined: it stays.
 */
export function agreedSize(windows: readonly Window[]): TerminalSize | undefined {
  const known = windows.filter(({ size }) => size !== undefined);
  const last = known.reduce<Window | undefined>(
    (best, each) => (best === undefined || each.typedAt > best.typedAt ? each : best),
    undefined,
  );
  return last?.size;
}
