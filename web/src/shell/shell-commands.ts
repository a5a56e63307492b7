import { boardAddress, go, homeAddress, inboxAddress, settingsAddress } from "../address.ts";
import type { Command } from "./commands.ts";
import { prefer, preferences } from "./preferences.ts";

/** What can be done on every page. */
export function shellCommands(show: (what: "palette" | "keys") => void): readonly Command[] {
  return [
    {
      id: "palette",
      group: "go",
      label: (t) => t.app.commands,
      keys: ["mod+k"],
      unlisted: true,
      run: () => show("palette"),
    },
    { id: "keys", group: "view", label: (t) => t.app.keyboardShortcuts, keys: ["?"], run: () => show("keys") },
    { id: "new-task", group: "go", label: (t) => t.app.newTask, keys: ["c"], run: () => go(homeAddress()) },
    { id: "inbox", group: "go", label: (t) => t.app.inbox, keys: ["g i"], run: () => go(inboxAddress()) },
    { id: "board", group: "go", label: (t) => t.app.board, keys: ["g b"], run: () => go(boardAddress()) },
    { id: "settings", group: "go", label: (t) => t.app.settings, keys: ["g s"], run: () => go(settingsAddress()) },
    {
      id: "sidebar",
      group: "view",
      label: (t) => (preferences().sidebarOpen ? t.app.collapseSidebar : t.app.expandSidebar),
      keys: ["mod+b"],
      run: () => prefer({ sidebarOpen: !preferences().sidebarOpen }),
    },
    {
      id: "work",
      group: "view",
      label: (t) => (preferences().workOpen ? t.app.collapsePanel : t.app.expandPanel),
      keys: ["mod+j"],
      run: () => prefer({ workOpen: !preferences().workOpen }),
    },
    { id: "light", group: "view", label: (t) => t.app.useLightTheme, run: () => prefer({ theme: "light" }) },
    { id: "dark", group: "view", label: (t) => t.app.useDarkTheme, run: () => prefer({ theme: "dark" }) },
    { id: "system", group: "view", label: (t) => t.app.useSystemTheme, run: () => prefer({ theme: "system" }) },
    {
      id: "density",
      group: "view",
      label: (t) => t.app.toggleDensity,
      run: () => prefer({ density: preferences().density === "compact" ? "comfortable" : "compact" }),
    },
  ];
}
