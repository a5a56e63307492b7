import { useState } from "react";
import { prefer, usePreferences } from "../shell/preferences.ts";
import { Button } from "../ui/button.tsx";
import { Select } from "../ui/select.tsx";
import { Switch } from "../ui/switch.tsx";
import { languages, useMessages } from "../i18n/i18n.ts";
import { Row, Rows, SavedText, Section } from "./parts.tsx";

/** What this browser alone keeps. */
export function LanguagePage() {
  const words = useMessages();
  const { theme, density, language, name } = usePreferences();
  const languageChoices = Object.entries({ system: words.shell.languageOfBrowser, ...languages });
  return (
    <>
      <Section title={words.shell.appearance} description={words.settings.thisBrowser}>
        <Rows>
          <Row label={words.shell.language}>
            <Select
              label={words.shell.language}
              value={language}
              choices={languageChoices.map(([value, label]) => ({ value: value as typeof language, label }))}
              onChange={(next) => prefer({ language: next })}
            />
          </Row>
          <Row label={words.shell.theme}>
            <Select
              label={words.shell.theme}
              value={theme}
              choices={choicesOf(words.shell.themes)}
              onChange={(next) => prefer({ theme: next })}
            />
          </Row>
          <Row label={words.shell.density}>
            <Select
              label={words.shell.density}
              value={density}
              choices={choicesOf(words.shell.densities)}
              onChange={(next) => prefer({ density: next })}
            />
          </Row>
        </Rows>
      </Section>
      <Section title={words.settings.notifications}>
        <Rows>
          <Notifications />
          <Row label={words.settings.yourName} description={words.settings.yourNameIs}>
            <SavedText
              label={words.settings.yourName}
              value={name}
              placeholder={words.settings.noName}
              onSave={async (next) => prefer({ name: next.slice(0, 80) })}
            />
          </Row>
        </Rows>
      </Section>
    </>
  );
}

/** Asked of the browser only when a person turns it on here. */
function Notifications() {
  const { settings: words } = useMessages();
  const { notifications } = usePreferences();
  const [permission, setPermission] = useState(() =>
    "Notification" in globalThis ? Notification.permission : "unavailable",
  );
  const isOn = notifications && permission === "granted";
  const turn = async (wanted: boolean): Promise<void> => {
    if (wanted && permission === "default") setPermission(await Notification.requestPermission());
    prefer({ notifications: wanted });
  };
  return (
    <div className="flex flex-col gap-2 px-4 py-3">
      <Switch
        label={words.notify}
        description={words.notifyIs}
        checked={isOn}
        disabled={permission === "unavailable" || permission === "denied"}
        onChange={(wanted) => void turn(wanted)}
      />
      {permission === "denied" && <p className="text-xs text-warn">{words.notifyDenied}</p>}
      {permission === "unavailable" && <p className="text-xs text-muted">{words.notifyUnavailable}</p>}
      {isOn && (
        <Button
          size="small"
          className="self-start"
          onClick={() => new Notification("Deckhand", { body: words.notifyTrial, tag: "trial" })}
        >
          {words.notifyTry}
        </Button>
      )}
    </div>
  );
}

function choicesOf<K extends string>(names: Readonly<Record<K, string>>): { value: K; label: string }[] {
  return (Object.keys(names) as K[]).map((value) => ({ value, label: names[value] }));
}
