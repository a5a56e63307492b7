/**
 * Every text of the page, in one typed catalogue: English is the source, and another language that lacks a key does not
 * compile. English is always here; the others are loaded when they are chosen.
 */
import { useSyncExternalStore } from "react";
import { onPreferences, preferences, type Preferences } from "../shell/preferences.ts";
import { en } from "./en.ts";

/** A text, or a function that makes one of numbers and names; the languages may word it as they like. */
type Spoken<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { readonly [K in keyof T]: Spoken<T[K]> };

export type Words = Spoken<typeof en>;
export type Language = Exclude<Preferences["language"], "system">;

/** By their own names, as a person looks for them. */
export const languages: Readonly<Record<Language, string>> = { en: "English", de: "Deutsch", "zh-Hans": "简体中文" };

const load: Readonly<Record<Language, () => Promise<Words>>> = {
  en: () => Promise.resolve(en),
  de: async () => (await import("./de.ts")).de,
  "zh-Hans": async () => (await import("./zh-hans.ts")).zhHans,
};

let present: { readonly language: Language; readonly words: Words } = { language: "en", words: en };
const listeners = new Set<() => void>();

/** Where there is no component: for a title, a toast. */
export function wordsNow(): Words {
  return present.words;
}

export function languageNow(): Language {
  return present.language;
}

export function useWords(): Words {
  return useSyncExternalStore(subscribe, wordsNow);
}

/** To be awaited before the first drawing, so that nobody sees another language first. */
export async function startWords(): Promise<void> {
  onPreferences(() => void speak(chosen()));
  await speak(chosen());
}

function chosen(): Language {
  const { language } = preferences();
  if (language !== "system") return language;
  for (const wanted of navigator.languages) {
    if (wanted.startsWith("de")) return "de";
    if (/^zh(-Hans|-CN|-SG|$)/i.test(wanted)) return "zh-Hans";
    if (wanted.startsWith("en")) return "en";
  }
  return "en";
}

async function speak(language: Language): Promise<void> {
  document.documentElement.lang = language;
  if (language === present.language) return;
  try {
    present = { language, words: await load[language]() };
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
