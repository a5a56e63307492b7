import type { Workspaces } from "./workspaces.ts";

/** One existing folder for all conversations, whatever they choose: for replays and tests. */
export function fixedWorkspace(workspace: string): Workspaces {
  return {
    pathOf: () => workspace,
    isReady: () => true,
    check: async () => {},
    create: async () => {},
    unsavedWork: async () => undefined,
    remove: async () => {},
  };
}
