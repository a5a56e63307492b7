/** The form that starts a task. */
export const newTask = {
  title: "What do you want to build?",
  description:
    "The agent works in your workspace step by step. You see everything it does and can stop it at any time.",
  task: "Task",
  taskPlaceholder: "Describe a task",
  start: "Start",
  examples: "Examples",
  exampleTasks: [
    "Write a bash script that prints hello",
    "Explain how this project is structured",
    "Find a failing test, fix it, and run the tests again",
  ],

  workspace: "Workspace",
  locationOf: {
    default: "",
    folder: "Folder path",
    git: "Repository URL",
    worktree: "Repository path",
    copy: "Folder path",
    upload: "",
    empty: "",
  },
  ref: "Branch, tag or commit",
  chooseFiles: "Choose files",
  chooseFolder: "Choose folder",
  filesToUpload: "Files to upload",
  folderToUpload: "Folder to upload",
  dropToUpload: "Drop files, a folder or a zip here",
  filesChosen: (count: number, size: string) => `${count === 1 ? "1 file" : `${count} files`}, ${size}`,
  workspaceMissing: "Choose a repository or folder first.",
  workspaces: {
    default: { name: "Default workspace", description: "Use the folder configured on the server", placeholder: "" },
    folder: {
      name: "Folder on the server",
      description: "Work directly in a folder on the server",
      placeholder: "/path/to/folder",
    },
    git: { name: "Clone repository", description: "Clone a remote repository", placeholder: "https://…" },
    worktree: {
      name: "Git worktree",
      description: "Check out a new branch of a repository on the server",
      placeholder: "/path/to/repository",
    },
    copy: {
      name: "Copy of a folder",
      description: "Copy a folder on the server and leave the original untouched",
      placeholder: "/path/to/folder",
    },
    upload: { name: "Upload files", description: "Upload files, a folder or a zip", placeholder: "" },
    empty: { name: "Empty workspace", description: "Start in an empty folder", placeholder: "" },
  },

  defaultModel: "Default model",
  defaultAgent: "Default agent",
  approvalPolicy: "Approval policy",
  approvalPolicies: {
    never: { name: "Never ask", description: "Run everything the sandbox permits" },
    risky: { name: "Ask when risky", description: "Ask before using the network or writing outside the workspace" },
    always: { name: "Always ask", description: "Ask before every action" },
  },
  typicalSteps: (steps: number) => `Typical: ~${steps === 1 ? "1 step" : `${steps} steps`}`,
  typicalCost: (steps: number, cost: string, highCost: string) =>
    `Typical: ~${steps === 1 ? "1 step" : `${steps} steps`}, ${cost} (90% under ${highCost})`,
} as const;
