/** The tools that run, by action. Those of other kinds (`think`, `finish`) need no running. */
import type { ActionKind } from "@deckhand/protocol";
import { browseTool } from "./browse/browse.ts";
import { delegateTool, type AvailableAgent } from "./delegate.ts";
import { editTool } from "./edit/edit.ts";
import { jobTool } from "./shell/job.ts";
import { planTool } from "./plan.ts";
import { readTool } from "./read/read.ts";
import { runTool } from "./shell/run.ts";
import { searchTool } from "./search.ts";
import type { Tool } from "./tool.ts";
import { writeTool } from "./write.ts";

export interface ToolOptions {
  /** Of a command that names no time-out of its own. */
  readonly commandTimeoutMs: number;
  /** Private addresses that may be fetched all the same, as host:port. */
  readonly browseAllow: readonly string[];
  /** The text of a skill of the user's own, which the agent reads as `skill:NAME`. */
  readonly skill?: (name: string) => Promise<string | undefined>;
  /** Those that can be given a task; none are named without. */
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
