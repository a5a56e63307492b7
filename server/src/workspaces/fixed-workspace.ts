import type { Workspaces } from "./workspaces.ts";

/** One folder, which is there, for all conversations, whatever they choose: for a replay, and for tests. */
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
