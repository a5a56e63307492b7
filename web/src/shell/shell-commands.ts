import { boardAddress, go, homeAddress, inboxAddress, settingsAddress } from "../address.ts";
import type { Command } from "./commands.ts";
import { prefer, preferences } from "./preferences.ts";

/** What can be done on every page. */
export function shellCommands(show: (what: "palette" | "keys") => void): readonly Command[] {
  return [
    {
      id: "palette",
      group: "go",
      label: (w) => w.shell.commands,
      keys: ["mod+k"],
      unlisted: true,
      run: () => show("palette"),
    },
    { id: "keys", group: "view", label: (w) => w.shell.keyboard, keys: ["?"], run: () => show("keys") },
    { id: "new-task", group: "go", label: (w) => w.shell.newTask, keys: ["c"], run: () => go(homeAddress()) },
    { id: "inbox", group: "go", label: (w) => w.shell.inbox, keys: ["g i"], run: () => go(inboxAddress()) },
    { id: "board", group: "go", label: (w) => w.shell.board, keys: ["g b"], run: () => go(boardAddress()) },
    { id: "settings", group: "go", label: (w) => w.shell.settings, keys: ["g s"], run: () => go(settingsAddress()) },
    {
      id: "sidebar",
      group: "view",
      label: (w) => (preferences().sidebarOpen ? w.shell.hideSidebar : w.shell.showSidebar),
      keys: ["mod+b"],
      run: () => prefer({ sidebarOpen: !preferences().sidebarOpen }),
    },
    {
      id: "work",
      group: "view",
      label: (w) => (preferences().workOpen ? w.shell.hideWork : w.shell.showWork),
      keys: ["mod+j"],
      run: () => prefer({ workOpen: !preferences().workOpen }),
    },
    { id: "light", group: "view", label: (w) => w.shell.lightTheme, run: () => prefer({ theme: "light" }) },
    { id: "dark", group: "view", label: (w) => w.shell.darkTheme, run: () => prefer({ theme: "dark" }) },
    { id: "system", group: "view", label: (w) => w.shell.systemTheme, run: () => prefer({ theme: "system" }) },
    {
      id: "density",
      group: "view",
      label: (w) => w.shell.toggleDensity,
      run: () => prefer({ density: preferences().density === "compact" ? "comfortable" : "compact" }),
    },
  ];
}
