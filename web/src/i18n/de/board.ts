import type { Messages } from "../messages.ts";

export const board: Messages["board"] = {
  empty: "Keine Unterhaltungen",
  emptyDescription: "Hier erscheinen Unterhaltungen, sortiert nach ihrem Status.",
  searchResults: (query) => `Ergebnisse für „${query}“`,
  columns: { needsYou: "Aktion erforderlich", works: "Läuft", waits: "Wartet", rests: "Fertig" },
  emptyColumns: {
    needsYou: "Nichts zu erledigen",
    works: "Nichts läuft",
    waits: "Nichts wartet",
    rests: "Noch nichts fertig",
  },
};
