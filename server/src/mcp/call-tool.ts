/** `call_tool` for one conversation, whose settings may bring servers along. */
import type { Settings } from "@deckhand/protocol";
import type { Tool } from "../tools/tool.ts";
import type { Mcp } from "./mcp.ts";

export function callTool(mcp: Mcp, settings: () => Settings): Tool<"call_tool"> {
  return {
    action: "call_tool",
    description: "",
    // The model sees the tools themselves instead.
    modelArgs: [],
    effect: ({ server, name }) => (mcp.isReadOnly(settings().mcp, server, name) ? "read" : "external"),
    // oxlint-disable-next-line require-yield -- a tool is a generator; this one streams nothing
    async *run(args, { signal }) {
      return await mcp.call(settings().mcp, args, signal);
    },
  };
}
