import type { Messages } from "../messages.ts";

export const board: Messages["board"] = {
  empty: "Keine Unterhaltungen",
  emptyDescription: "Hier erscheinen Unterhaltungen, sortiert nach ihrem Status.",
  searchResults: (query) => `Ergebnisse für „${query}“`,
  columns: { needsAttention: "Aktion erforderlich", running: "Läuft", waiting: "Wartet", done: "Fertig" },
  emptyColumns: {
    needsAttention: "Nichts zu erledigen",
    running: "Nichts läuft",
    waiting: "Nichts wartet",
    done: "Noch nichts fertig",
  },
};
