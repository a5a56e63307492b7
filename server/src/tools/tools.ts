/** The tools that run something, by action. Actions that are only logged are in `log-only.ts`. */
import type { ActionKind } from "@deckhand/protocol";
import { browseTool } from "./browse/browse.ts";
import { delegateTool, type AvailableAgent } from "./delegate.ts";
import { editTool } from "./edit/edit.ts";
import { planTool } from "./plan.ts";
import { readTool } from "./read/read.ts";
import { searchTool } from "./search.ts";
import { jobTool } from "./shell/job.ts";
import { runTool } from "./shell/run.ts";
import type { Tool } from "./tool.ts";
import { writeTool } from "./write.ts";

export interface ToolOptions {
  /** For commands that set no timeout. */
  readonly commandTimeoutMs: number;
  /** Private addresses that may be fetched anyway, as host:port. */
  readonly browseAllow: readonly string[];
  /** The text of one of the user's own skills, which the agent reads as `skill:NAME`. */
  readonly skill?: (name: string) => Promise<string | undefined>;
  /** The agents that accept tasks; none by default. */
  readonly agents?: readonly AvailableAgent[];
}

export function createTools(options: ToolOptions): ReadonlyMap<ActionKind, Tool> {
  const tools = [
    runTool(options.commandTimeoutMs),
    jobTool,
    readTool(options.skill),
    writeTool,
    editTool,
    searchTool,
    browseTool(options.browseAllow),
    planTool,
    delegateTool(options.agents ?? []),
  ] as unknown as readonly Tool[];
  return new Map(tools.map((tool) => [tool.action, tool]));
}
