/** MCP servers and hooks in a replay: none is called or run again; their recorded results are used. */
import { DeckhandError, isAction, type Event, type NewAction, type ServerTool } from "@deckhand/protocol";
import type { HookPoints, HookVerdict } from "../agent/hook-points.ts";
import { callTool } from "../mcp/call-tool.ts";
import type { Mcp } from "../mcp/mcp.ts";
import type { Tool } from "../tools/tool.ts";

/** All tools that the model was ever offered, so that its recorded calls are valid. */
export function recordedMcp(log: readonly Event[]): Mcp {
  const tools = new Map<string, ServerTool>();
  for (const event of log) {
    if (isAction(event) || event.observation !== "tools") continue;
    for (const tool of event.extras.tools) tools.set(tool.name, tool);
  }
  return {
    offer: async () => ({ tools: [...tools.values()], warnings: [] }),
    call: () => Promise.reject(new DeckhandError("not_available")),
    isReadOnly: () => false,
  };
}

/** Its effect makes the replay use the recorded outcome. */
export function recordedCallTool(mcp: Mcp): Tool {
  return callTool(mcp, () => ({}));
}

/** `answerTo`: the recorded answer to the action with that id. */
export function recordedHooks(log: readonly Event[], answerTo: (id: number) => Event | undefined): HookPoints {
  const nothing = async (): Promise<HookVerdict> => ({ events: [] });
  const blockedFinishes = checksOf(log).values();
  return {
    async before(_: NewAction, id) {
      const answer = answerTo(id);
      const isBlocked =
        answer !== undefined &&
        !isAction(answer) &&
        answer.observation === "error" &&
        answer.extras.code === "hook_blocked";
      return isBlocked ? { events: [], blockReason: answer.content } : { events: [] };
    },
    after: nothing,
    start: nothing,
    stop: async () => ({
      events: [],
      ...(blockedFinishes.next().value === true ? { blockReason: "As it was then." } : {}),
    }),
  };
}

/** For each time the agent finished, whether a hook blocked it. */
function checksOf(log: readonly Event[]): readonly boolean[] {
  return log.flatMap((event, at) => {
    if (!isAction(event) || event.action !== "finish" || event.source !== "agent") return [];
    const next = log.slice(at + 1).find((each) => isAction(each) || each.observation !== "hook" || each.extras.blocks);
    return [next !== undefined && !isAction(next) && next.observation === "hook"];
  });
}
