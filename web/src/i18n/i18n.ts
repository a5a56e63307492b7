/**
 * All messages of the UI in one typed catalogue. English is the source, and a translation that lacks a key does not
 * compile. English is part of the main bundle; other languages are loaded when they are selected.
 */
import { useSyncExternalStore } from "react";
import { onPreferencesChange, preferences, type Preferences } from "../shell/preferences.ts";
import { en } from "./en.ts";
import type { Messages } from "./messages.ts";

export type Language = Exclude<Preferences["language"], "system">;

/** Each language by its own name. */
export const languages: Readonly<Record<Language, string>> = { en: "English", de: "Deutsch", "zh-Hans": "简体中文" };

const load: Readonly<Record<Language, () => Promise<Messages>>> = {
  en: () => Promise.resolve(en),
  de: async () => (await import("./de.ts")).de,
  "zh-Hans": async () => (await import("./zh-hans.ts")).zhHans,
};

let current: { readonly language: Language; readonly messages: Messages } = { language: "en", messages: en };
const listeners = new Set<() => void>();

/** The messages outside of React, for example in a toast. */
export function currentMessages(): Messages {
  return current.messages;
}

export function currentLanguage(): Language {
  return current.language;
}

export function useMessages(): Messages {
  return useSyncExternalStore(subscribe, currentMessages);
}

/** Awaited before the first render, so that English does not flash up first. */
export async function startI18n(): Promise<void> {
  onPreferencesChange(() => void setLanguage(preferredLanguage()));
  await setLanguage(preferredLanguage());
}

function preferredLanguage(): Language {
  const { language } = preferences();
  if (language !== "system") return language;
  for (const wanted of navigator.languages) {
    if (wanted.startsWith("de")) return "de";
    if (/^zh(-Hans|-CN|-SG|$)/i.test(wanted)) return "zh-Hans";
    if (wanted.startsWith("en")) return "en";
  }
  return "en";
}

async function setLanguage(language: Language): Promise<void> {
  document.documentElement.lang = language;
  if (language === current.language) return;
  try {
    current = { language, messages: await load[language]() };
  } catch {
    // The language file could not be loaded: keep the current language.
    return;
  }
  document.documentElement.lang = language;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
