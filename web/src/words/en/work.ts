/** The work panel and its tabs. */
export const work = {
  events: "Events",
  files: "Files",
  upload: "Upload",
  downloadZip: "Download zip",
  back: "back",
  sending: "Sending …",
  firstShown: (count: number) => `The first ${count} are shown.`,
  showEarlier: (count: number) => `Show earlier (${count})`,
  action: "action",
  observation: "observation",
  of: (cause: number) => `of ${cause}`,
  listening: "Listening:",
  openPorts: "Open ports",
} as const;
