/** For tests: one folder for all conversations, which is there. */
import type { Places } from "./places.ts";

export function defaultPlace(workspace: string): Places {
  return {
    pathOf: () => workspace,
    isMade: () => true,
    check: async () => {},
    make: async () => {},
    unsaved: async () => undefined,
    remove: async () => {},
  };
}
