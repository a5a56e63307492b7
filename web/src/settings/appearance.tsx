import { prefer, usePreferences } from "../shell/preferences.ts";
import { Select } from "../ui/select.tsx";
import { languages, useWords } from "../words/words.ts";

/** What this browser alone keeps. */
export function Appearance() {
  const { shell: words } = useWords();
  const { theme, density, language } = usePreferences();
  const languageChoices = Object.entries({ system: words.languageOfBrowser, ...languages });
  return (
    <section aria-labelledby="appearance">
      <h2 id="appearance" className="mb-3 text-base font-semibold">
        {words.appearance}
      </h2>
      <div className="flex flex-col divide-y divide-line rounded-lg border border-line bg-panel">
        <Row label={words.theme}>
          <Select
            label={words.theme}
            value={theme}
            choices={choicesOf(words.themes)}
            onChange={(next) => prefer({ theme: next })}
          />
        </Row>
        <Row label={words.density}>
          <Select
            label={words.density}
            value={density}
            choices={choicesOf(words.densities)}
            onChange={(next) => prefer({ density: next })}
          />
        </Row>
        <Row label={words.language}>
          <Select
            label={words.language}
            value={language}
            choices={languageChoices.map(([value, label]) => ({ value: value as typeof language, label }))}
            onChange={(next) => prefer({ language: next })}
          />
        </Row>
      </div>
    </section>
  );
}

function Row({ label, children }: { readonly label: string; readonly children: React.ReactNode }) {
  return (
    <div className="flex items-center justify-between gap-4 px-4 py-2.5">
      <span className="text-sm">{label}</span>
      {children}
    </div>
  );
}

function choicesOf<K extends string>(names: Readonly<Record<K, string>>): { value: K; label: string }[] {
  return (Object.keys(names) as K[]).map((value) => ({ value, label: names[value] }));
}
