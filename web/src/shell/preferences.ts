/** Preferences of the user, stored in this browser only. */
import { useSyncExternalStore } from "react";

export interface Preferences {
  readonly theme: "system" | "light" | "dark";
  readonly density: "comfortable" | "compact";
  /** A language of the catalogue, or "system" for that of the browser. */
  readonly language: "system" | "en" | "de" | "zh-Hans";
  readonly sidebarOpen: boolean;
  readonly workOpen: boolean;
  readonly workWidth: number;
  /** Show desktop notifications while the page is hidden. */
  readonly notifications: boolean;
  /** The user's name, shown to others with approvals; not verified. */
  readonly name: string;
}

const key = "deckhand.preferences";
const defaults: Preferences = {
  theme: "system",
  density: "comfortable",
  language: "system",
  sidebarOpen: true,
  // On narrower screens the conversation needs the space.
  workOpen: globalThis.innerWidth >= 1280,
  workWidth: 440,
  notifications: false,
  name: "",
};

let current = read();
const listeners = new Set<() => void>();

export function preferences(): Preferences {
  return current;
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, preferences);
}

export function setPreferences(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(key, JSON.stringify(current));
  } catch {
    // Without storage the choice lasts until the page is closed.
  }
  update();
}

/** Returns a function that removes the listener. */
export function onPreferencesChange(listener: () => void): () => void {
  return subscribe(listener);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function update(): void {
  applyToDocument();
  for (const listener of listeners) listener();
}

/** Sets the attributes of the root element that style.css uses. */
function applyToDocument(): void {
  const { dataset } = document.documentElement;
  dataset["theme"] = current.theme;
  dataset["density"] = current.density;
}

function read(): Preferences {
  try {
    const stored = JSON.parse(localStorage.getItem(key) ?? "{}") as Partial<Preferences>;
    return { ...defaults, ...stored };
  } catch {
    return defaults;
  }
}

/** Must be called once, before the first render. */
export function startPreferences(): void {
  applyToDocument();
  // Another tab of the same browser changed the preferences.
  window.addEventListener("storage", (event) => {
    if (event.key !== key) return;
    current = read();
    update();
  });
}
