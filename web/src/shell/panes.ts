/** The visible pane on phones, which show one at a time. Wider screens ignore it. */
import { useSyncExternalStore } from "react";

export type Pane = "list" | "main" | "work";

let current: Pane = "main";
const listeners = new Set<() => void>();

export function usePane(): Pane {
  return useSyncExternalStore(subscribe, () => current);
}

export function showPane(pane: Pane): void {
  current = pane;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
