/** What of the settings starts a program on the server's machine, outside of every sandbox. */
import type { ServerSettings } from "@deckhand/protocol";

export function hostProcesses({ mcp, hooks }: ServerSettings): object {
  const programs = Object.entries(mcp?.servers ?? {}).filter(([, server]) => "command" in server);
  return { programs: Object.fromEntries(programs), hooks: hooks ?? {} };
}
