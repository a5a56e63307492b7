import type { Messages } from "../messages.ts";

export const inbox: Messages["inbox"] = {
  empty: "Nichts zu erledigen",
  emptyDescription: "Hier erscheinen Fragen, Freigaben und Fehler aus allen Unterhaltungen.",
  moreItems: "Weitere Einträge erscheinen, sobald diese erledigt sind.",
  waitingForApproval: "Wartet auf Freigabe",
  needsReply: "Antwort erforderlich",
  seen: "Gesehen",
  nextItem: "Nächster Eintrag",
  previousItem: "Vorheriger Eintrag",
  openConversation: "Unterhaltung öffnen",
  markAsSeen: "Als gesehen markieren",
  reply: "Antwort",
  replyPlaceholder: "Dem Agenten antworten",
  continue: "Fortsetzen",
  modelSettings: "Modelleinstellungen",
};
