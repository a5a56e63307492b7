import type { Messages } from "../messages.ts";

export const history: Messages["history"] = {
  history: "Verlauf",
  open: "Verlauf anzeigen",
  viewHere: "Stand bei diesem Schritt anzeigen",
  position: "Position im Verlauf",
  positionOf: (at, last) => `${at} / ${last}`,
  previous: "Vorheriger Schritt",
  next: "Nächster Schritt",
  returnToLatest: "Zum neuesten Stand",
  fork: "Fork ab hier erstellen",
  forked: "Fork erstellt",

  restore: "Dateien auf diesen Stand zurücksetzen…",
  restoreTitle: "Dateien auf diesen Stand zurücksetzen?",
  restoreDescription:
    "Die Dateien im Workspace werden auf diesen Stand zurückgesetzt; das lässt sich rückgängig machen. Die Unterhaltung bleibt erhalten.",
  restoreFiles: (count) => (count === 1 ? "1 Datei zurücksetzen" : `${count} Dateien zurücksetzen`),
  restored: "Dateien zurückgesetzt",
  discardForeignChanges: "Auch Änderungen verwerfen, die nicht vom Agenten stammen",
  changedByOthers: "seitdem von anderen geändert",
  affectedFiles: "Betroffene Dateien",
  nothingToRestore: "Keine Änderungen: Die Dateien entsprechen bereits diesem Stand.",
  fileStatuses: {
    added: "hinzugefügt",
    modified: "geändert",
    deleted: "gelöscht",
    renamed: "umbenannt",
    type_changed: "Typ geändert",
  },

  files: "Dateien zu diesem Zeitpunkt",
  noFiles: "Keine Dateien zu diesem Zeitpunkt",
  findFile: "Datei suchen",
  cannotPreview: "Diese Datei ist eine Binärdatei oder zu groß für die Vorschau.",
};
