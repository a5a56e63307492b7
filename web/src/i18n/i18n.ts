/**
 * Every text of the page, in one typed catalogue: English is the source, and another language that lacks a key does not
 * compile. English is always here; the others are loaded when they are chosen.
 */
import { useSyncExternalStore } from "react";
import { onPreferences, preferences, type Preferences } from "../shell/preferences.ts";
import { en } from "./en.ts";

/** A text, or a function that makes one of numbers and names; the languages may word it as they like. */
type Translated<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { readonly [K in keyof T]: Translated<T[K]> };

export type Messages = Translated<typeof en>;
export type Language = Exclude<Preferences["language"], "system">;

/** By their own names, as a person looks for them. */
export const languages: Readonly<Record<Language, string>> = { en: "English", de: "Deutsch", "zh-Hans": "简体中文" };

const load: Readonly<Record<Language, () => Promise<Messages>>> = {
  en: () => Promise.resolve(en),
  de: async () => (await import("./de.ts")).de,
  "zh-Hans": async () => (await import("./zh-hans.ts")).zhHans,
};

let current: { readonly language: Language; readonly words: Messages } = { language: "en", words: en };
const listeners = new Set<() => void>();

/** Where there is no component: for a title, a toast. */
export function currentMessages(): Messages {
  return current.words;
}

export function currentLanguage(): Language {
  return current.language;
}

export function useMessages(): Messages {
  return useSyncExternalStore(subscribe, currentMessages);
}

/** To be awaited before the first drawing, so that nobody sees another language first. */
export async function startI18n(): Promise<void> {
  onPreferences(() => void setLanguage(preferredLanguage()));
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
    current = { language, words: await load[language]() };
  } catch {
    // The file did not come; what is spoken now goes on.
    return;
  }
  document.documentElement.lang = language;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
