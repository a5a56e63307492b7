import { boardUrl, navigate, homeUrl, inboxUrl, settingsUrl } from "../urls.ts";
import type { Command } from "./commands.ts";
import { setPreferences, preferences } from "./preferences.ts";

/** Commands that are available on every page. */
export function appCommands(show: (what: "palette" | "keys") => void): readonly Command[] {
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
    { id: "new-task", group: "go", label: (t) => t.app.newTask, keys: ["c"], run: () => navigate(homeUrl()) },
    { id: "inbox", group: "go", label: (t) => t.app.inbox, keys: ["g i"], run: () => navigate(inboxUrl()) },
    { id: "board", group: "go", label: (t) => t.app.board, keys: ["g b"], run: () => navigate(boardUrl()) },
    { id: "settings", group: "go", label: (t) => t.app.settings, keys: ["g s"], run: () => navigate(settingsUrl()) },
    {
      id: "sidebar",
      group: "view",
      label: (t) => (preferences().sidebarOpen ? t.app.collapseSidebar : t.app.expandSidebar),
      keys: ["mod+b"],
      run: () => setPreferences({ sidebarOpen: !preferences().sidebarOpen }),
    },
    {
      id: "work",
      group: "view",
      label: (t) => (preferences().workOpen ? t.app.collapsePanel : t.app.expandPanel),
      keys: ["mod+j"],
      run: () => setPreferences({ workOpen: !preferences().workOpen }),
    },
    { id: "light", group: "view", label: (t) => t.app.useLightTheme, run: () => setPreferences({ theme: "light" }) },
    { id: "dark", group: "view", label: (t) => t.app.useDarkTheme, run: () => setPreferences({ theme: "dark" }) },
    { id: "system", group: "view", label: (t) => t.app.useSystemTheme, run: () => setPreferences({ theme: "system" }) },
    {
      id: "density",
      group: "view",
      label: (t) => t.app.toggleDensity,
      run: () => setPreferences({ density: preferences().density === "compact" ? "comfortable" : "compact" }),
    },
  ];
}
