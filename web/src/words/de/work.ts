import type { Words } from "../words.ts";

export const work: Words["work"] = {
  events: "Ereignisse",
  files: "Dateien",
  upload: "Hochladen",
  downloadZip: "Als Zip herunterladen",
  back: "zurück",
  sending: "Sendet …",
  firstShown: (count) => `Die ersten ${count} werden gezeigt.`,
  showEarlier: (count) => `Frühere zeigen (${count})`,
  action: "Aktion",
  observation: "Beobachtung",
  of: (cause) => `zu ${cause}`,
  listening: "Lauscht:",
  openPorts: "Offene Ports",
};
