import type { Messages } from "../i18n.ts";

export const composer: Messages["composer"] = {
  message: "Nachricht",
  placeholder: "Nachricht an den Agenten",
  placeholderWhileWorking: "Nachricht an den Agenten (wird nach dem aktuellen Schritt gesendet)",
  focus: "Nachricht schreiben",
  attach: "Dateien oder Bilder anhängen",
  removeAttachment: (name) => `${name} entfernen`,
  dropToAttach: "Bilder und Dateien hier ablegen",
  imageTooLarge: (name) => `${name} ist als Bild zu groß.`,
  tooManyImages: (count) => `Sie können höchstens ${count} Bilder anhängen.`,
  uploadedFiles: (paths) => `Dateien im Workspace: ${paths}`,

  pause: "Pausieren",
  resume: "Fortsetzen",
  activity: {
    running: "Führt aus",
    reading: "Liest",
    writing: "Schreibt",
    editing: "Bearbeitet",
    opening: "Öffnet",
    searching: "Sucht nach",
    delegating: "Wartet auf",
    calling: "Ruft auf",
    replying: "Antwortet",
    thinking: "Denkt nach",
    starting: "Startet",
    waitingForModel: "Wartet auf das Modell",
  },
  retrying: (attempt) => `Neuer Versuch (${attempt}.)`,
  waitingForSandbox: (stage) => `Wartet auf die Sandbox: ${stage}`,
  limitReached: {
    limit_steps: "Pausiert: Schrittlimit erreicht",
    limit_cost: "Pausiert: Kostenlimit erreicht",
    limit_tokens: "Pausiert: Tokenlimit erreicht",
    limit_time: "Pausiert: Zeitlimit erreicht",
  },

  backgroundProcesses: "Hintergrundprozesse",
  backgroundProcess: "Hintergrundprozess",
  stopProcess: (id) => `Prozess ${id} stoppen`,

  blockedHosts: "Blockierte Netzwerkzugriffe",
  blockedHost: "Netzwerkzugriff blockiert:",
  dismiss: "Ausblenden",
  openPorts: "Vorschau",
  previewPort: (port) => `Vorschau: Port ${port}`,
};
