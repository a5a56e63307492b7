import { Dialog } from "../ui/dialog.tsx";
import { Kbd } from "../ui/kbd.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { useAvailableCommands } from "./commands.ts";

/** The keyboard shortcuts of all available commands. */
export function ShortcutsDialog({ onClose }: { readonly onClose: () => void }) {
  const t = useMessages();
  const commands = useAvailableCommands().filter(({ keys = [] }) => keys.length > 0);
  const groups = Object.keys(t.app.commandGroups) as (keyof typeof t.app.commandGroups)[];
  return (
    <Dialog
      open
      onClose={onClose}
      title={t.app.keyboardShortcuts}
      description={t.app.keyboardShortcutsDescription}
      size="large"
    >
      <div className="gap-8 sm:columns-2">
        {groups.map((group) => {
          const members = commands.filter((command) => command.group === group);
          if (members.length === 0) return null;
          return (
            <section key={group} className="mt-3 break-inside-avoid">
              <h3 className="label-small mb-1">{t.app.commandGroups[group]}</h3>
              <ul>
                {members.map(({ id, label, keys = [] }) => (
                  <li key={id} className="flex items-center justify-between gap-4 border-b border-line py-1.5 text-sm">
                    {label(t)}
                    <span>
                      {keys.map((each) => (
                        <Kbd key={each} keys={each} />
                      ))}
                    </span>
                  </li>
                ))}
              </ul>
            </section>
          );
        })}
      </div>
    </Dialog>
  );
}
