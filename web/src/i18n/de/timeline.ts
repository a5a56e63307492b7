import type { Messages } from "../messages.ts";

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

  notes: {
    compaction: "Unterhaltung zusammengefasst, um Kontext freizugeben",
    claimsNotVerified: "Einige Aussagen konnten nicht verifiziert werden. Der Agent wurde gebeten, sie zu prüfen.",
    interrupted: "Vor dem Abschluss gestoppt",
    uploaded: (paths) => `Dateien hochgeladen: ${paths}`,
    nudges: {
      repeat: "Der Agent wurde darauf hingewiesen, dass er dieselbe Aktion wiederholt.",
      repeat_error: "Der Agent wurde darauf hingewiesen, dass er eine fehlschlagende Aktion wiederholt.",
      monologue: "Der Agent wurde darauf hingewiesen, dass er dieselbe Nachricht wiederholt.",
      alternation: "Der Agent wurde darauf hingewiesen, dass er zwischen denselben Aktionen wechselt.",
      unfinished: "Der Agent wurde an offene Aufgaben in seinem Plan erinnert.",
    },
  },

  finished: "Fertig",
  couldNotComplete: "Nicht abgeschlossen",
  verification: "Verifizierung",
  verdicts: { shown: "verifiziert", failed: "fehlgeschlagen", stale: "veraltet", missing: "nicht verifiziert" },
  outputs: "Ergebnisse",
};
