import type { Messages } from "../messages.ts";

export const newTask: Messages["newTask"] = {
  title: "Was möchten Sie entwickeln?",
  description:
    "Der Agent arbeitet Schritt für Schritt in Ihrem Workspace. Sie sehen alles, was er tut, und können ihn jederzeit stoppen.",
  task: "Aufgabe",
  taskPlaceholder: "Aufgabe beschreiben",
  start: "Starten",
  examples: "Beispiele",
  exampleTasks: [
    "Schreibe ein Bash-Skript, das hello ausgibt",
    "Erkläre, wie dieses Projekt aufgebaut ist",
    "Finde einen fehlschlagenden Test, behebe ihn und führe die Tests erneut aus",
  ],

  workspace: "Workspace",
  locationOf: {
    default: "",
    folder: "Ordnerpfad",
    git: "Repository-URL",
    worktree: "Repository-Pfad",
    copy: "Ordnerpfad",
    upload: "",
    empty: "",
  },
  ref: "Branch, Tag oder Commit",
  chooseFiles: "Dateien auswählen",
  chooseFolder: "Ordner auswählen",
  filesToUpload: "Dateien zum Hochladen",
  folderToUpload: "Ordner zum Hochladen",
  dropToUpload: "Dateien, einen Ordner oder eine ZIP-Datei hierher ziehen",
  filesChosen: (count, size) => `${count === 1 ? "1 Datei" : `${count} Dateien`}, ${size}`,
  workspaceMissing: "Wählen Sie zuerst ein Repository oder einen Ordner.",
  workspaces: {
    default: {
      name: "Standard-Workspace",
      description: "Den auf dem Server konfigurierten Ordner verwenden",
      placeholder: "",
    },
    folder: {
      name: "Ordner auf dem Server",
      description: "Direkt in einem Ordner auf dem Server arbeiten",
      placeholder: "/pfad/zum/ordner",
    },
    git: { name: "Repository klonen", description: "Ein entferntes Repository klonen", placeholder: "https://…" },
    worktree: {
      name: "Git-Worktree",
      description: "Neuer Branch eines Repositorys auf dem Server",
      placeholder: "/pfad/zum/repository",
    },
    copy: {
      name: "Kopie eines Ordners",
      description: "Einen Ordner auf dem Server kopieren; das Original bleibt unverändert",
      placeholder: "/pfad/zum/ordner",
    },
    upload: {
      name: "Dateien hochladen",
      description: "Dateien, einen Ordner oder eine ZIP-Datei hochladen",
      placeholder: "",
    },
    empty: { name: "Leerer Workspace", description: "In einem leeren Ordner beginnen", placeholder: "" },
  },

  defaultModel: "Standardmodell",
  defaultAgent: "Standardagent",
  approvalPolicy: "Freigaberichtlinie",
  approvalPolicies: {
    never: { name: "Nie fragen", description: "Alles ausführen, was die Sandbox zulässt" },
    risky: {
      name: "Bei Risiko fragen",
      description: "Vor Netzwerkzugriffen und vor Schreibzugriffen außerhalb des Workspace fragen",
    },
    always: { name: "Immer fragen", description: "Vor jeder Aktion fragen" },
  },
  typicalSteps: (steps) => `Üblich: ca. ${steps === 1 ? "1 Schritt" : `${steps} Schritte`}`,
  typicalCost: (steps, cost, highCost) =>
    `Üblich: ca. ${steps === 1 ? "1 Schritt" : `${steps} Schritte`}, ${cost} (90 % unter ${highCost})`,
};
