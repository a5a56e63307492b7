import { useState } from "react";
import { setPreferences, usePreferences } from "../shell/preferences.ts";
import { Button } from "../ui/button.tsx";
import { Select } from "../ui/select.tsx";
import { Switch } from "../ui/switch.tsx";
import { languages, useMessages } from "../i18n/i18n.ts";
import { Row, Rows, SavedTextField, Section } from "./fields.tsx";

/** Settings that are kept in this browser only. */
export function AppearancePage() {
  const t = useMessages();
  const { theme, density, language, name } = usePreferences();
  const languageChoices = Object.entries({ system: t.app.languageOfBrowser, ...languages });
  return (
    <>
      <Section title={t.app.appearance} description={t.settings.appearance.savedInBrowser}>
        <Rows>
          <Row label={t.app.language}>
            <Select
              label={t.app.language}
              value={language}
              choices={languageChoices.map(([value, label]) => ({ value: value as typeof language, label }))}
              onChange={(next) => setPreferences({ language: next })}
            />
          </Row>
          <Row label={t.app.theme}>
            <Select
              label={t.app.theme}
              value={theme}
              choices={choicesOf(t.app.themes)}
              onChange={(next) => setPreferences({ theme: next })}
            />
          </Row>
          <Row label={t.app.density}>
            <Select
              label={t.app.density}
              value={density}
              choices={choicesOf(t.app.densities)}
              onChange={(next) => setPreferences({ density: next })}
            />
          </Row>
        </Rows>
      </Section>
      <Section title={t.settings.appearance.notifications}>
        <Rows>
          <Notifications />
          <Row label={t.settings.appearance.yourName} description={t.settings.appearance.yourNameDescription}>
            <SavedTextField
              label={t.settings.appearance.yourName}
              value={name}
              placeholder={t.settings.appearance.noName}
              onSave={async (next) => setPreferences({ name: next.slice(0, 80) })}
            />
          </Row>
        </Rows>
      </Section>
    </>
  );
}

/** Asks for the browser's permission only when the switch is turned on. */
function Notifications() {
  const t = useMessages();
  const { notifications } = usePreferences();
  const [permission, setPermission] = useState(() =>
    "Notification" in globalThis ? Notification.permission : "unavailable",
  );
  const isOn = notifications && permission === "granted";
  const turn = async (wanted: boolean): Promise<void> => {
    if (wanted && permission === "default") setPermission(await Notification.requestPermission());
    setPreferences({ notifications: wanted });
  };
  return (
    <div className="flex flex-col gap-2 px-4 py-3">
      <Switch
        label={t.settings.appearance.desktopNotifications}
        description={t.settings.appearance.desktopNotificationsDescription}
        checked={isOn}
        disabled={permission === "unavailable" || permission === "denied"}
        onChange={(wanted) => void turn(wanted)}
      />
      {permission === "denied" && <p className="text-xs text-warn">{t.settings.appearance.notificationsBlocked}</p>}
      {permission === "unavailable" && (
        <p className="text-xs text-muted">{t.settings.appearance.notificationsUnavailable}</p>
      )}
      {isOn && (
        <Button
          size="small"
          className="self-start"
          onClick={() => new Notification("Deckhand", { body: t.settings.appearance.testNotification, tag: "trial" })}
        >
          {t.settings.appearance.sendTestNotification}
        </Button>
      )}
    </div>
  );
}

function choicesOf<K extends string>(names: Readonly<Record<K, string>>): { value: K; label: string }[] {
  return (Object.keys(names) as K[]).map((value) => ({ value, label: names[value] }));
}
