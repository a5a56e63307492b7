/** What a person likes, kept in this browser alone. */
import { useSyncExternalStore } from "react";

export interface Preferences {
  readonly theme: "system" | "light" | "dark";
  readonly density: "comfortable" | "compact";
  /** As the catalogue names it; "system" follows the browser. */
  readonly language: "system" | "en" | "de" | "zh-Hans";
  readonly sidebarOpen: boolean;
  readonly workOpen: boolean;
  readonly workWidth: number;
  /** The browser may tell of what waits, while nobody looks. */
  readonly notifications: boolean;
  /** Who answers here, for others who look; proof of nothing. */
  readonly name: string;
}

const key = "deckhand.preferences";
const defaults: Preferences = {
  theme: "system",
  density: "comfortable",
  language: "system",
  sidebarOpen: true,
  // On a narrower screen the conversation needs the room.
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
    // A browser that keeps nothing still shows what was chosen.
  }
  update();
}

/** Returns what ends it. */
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

/** What only style needs stands on the root element, where style.css looks for it. */
function applyToDocument(): void {
  const { dataset } = document.documentElement;
  dataset["theme"] = current.theme;
  dataset["density"] = current.density;
}

function read(): Preferences {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? "{}") as Partial<Preferences>;
    return { ...defaults, ...kept };
  } catch {
    return defaults;
  }
}

/** To be called once, before anything is drawn. */
export function startPreferences(): void {
  applyToDocument();
  // Another tab of this browser has changed them.
  window.addEventListener("storage", (event) => {
    if (event.key !== key) return;
    current = read();
    update();
  });
}
