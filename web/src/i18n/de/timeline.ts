import type { Messages } from "../i18n.ts";

export const timeline: Messages["timeline"] = {
  queued: "In der Warteschlange",
  queuedDescription: "Wird nach dem aktuellen Schritt gesendet",
  sending: "Wird gesendet…",
  attachedImage: "Angehängtes Bild",
  reasoning: "Gedankengang",
  thinking: "Denkt nach…",
  thoughtFor: (duration) => `${duration} nachgedacht`,
  step: (number) => `Schritt ${number}`,
  tokens: (input, output) => `${input} ein · ${output} aus`,
  workedFor: (duration) => `${duration} gearbeitet`,
  scrollToEnd: "Zum Ende",
  copyText: "Text kopieren",
  copyCode: "Code kopieren",
  copyLink: "Link kopieren",
  nextItem: "Nächste Nachricht oder Aktion",
  previousItem: "Vorherige Nachricht oder Aktion",

  finished: "Fertig",
  couldNotComplete: "Nicht abgeschlossen",
  verification: "Verifizierung",
  verdicts: { shown: "verifiziert", failed: "fehlgeschlagen", stale: "veraltet", missing: "nicht verifiziert" },
  outputs: "Ergebnisse",
};
