/** `call_tool`, for one conversation: its settings may name servers of its own. */
import type { Settings } from "@deckhand/protocol";
import type { Tool } from "../tools/tool.ts";
import type { Mcp } from "./mcp.ts";

export function callTool(mcp: Mcp, settings: () => Settings): Tool<"call_tool"> {
  return {
    action: "call_tool",
    description: "",
    // The model is told of the tools themselves.
    offers: [],
    effect: ({ server, name }) => (mcp.isReadOnly(settings().mcp, server, name) ? "read" : "foreign"),
    // oxlint-disable-next-line require-yield -- a tool is a generator; this one has nothing to show on the way
    async *run(args, { signal }) {
      return await mcp.call(settings().mcp, args, signal);
    },
  };
}
