/** What a subagent does, as single lines among those of its parent. */
import { exactAction, isAction, type ChildReport, type Event } from "@deckhand/protocol";
import type { Paint } from "./paint.ts";
import { stripControls } from "./strip-controls.ts";

const maxChars = 100;

/** Undefined for events that do not matter to a reader of the parent. */
export function subagentLine(agent: string, event: Event, paint: Paint): string | undefined {
  const text = summaryOf(event);
  if (text === undefined) return undefined;
  const line = stripControls(text).trim().split("\n", 1)[0] ?? "";
  const short = line.length > maxChars ? `${line.slice(0, maxChars - 1)}…` : line;
  return paint("dim", `  ${stripControls(agent)} │ ${short}`);
}

function summaryOf(event: Event): string | undefined {
  if (!isAction(event)) return event.observation === "error" ? `${event.extras.code}: ${event.content}` : undefined;
  if (event.source !== "agent") return undefined;
  switch (event.action) {
    case "finish":
    case "reject":
      return event.message;
    case "message":
      return event.args.content;
    case "run":
      return `$ ${event.args.command}`;
    case "read":
    case "write":
    case "edit":
      return `${event.action} ${event.args.path}`;
    case "search":
      return `search ${event.args.pattern} in ${event.args.path}`;
    case "think":
    case "compact":
      return undefined;
    default:
      return `${event.action} ${exactAction(event)}`;
  }
}

/** Lines for a report to the parent, as far as the subagent's own lines do not show it. */
export function reportLines(report: ChildReport, paint: Paint): readonly string[] {
  const { agent, agent_state: state, awaiting, conversation, steps, cost_usd: cost } = report;
  if (awaiting !== null) {
    const command = `deckhand attach ${awaiting.conversation}`;
    return [
      paint(
        "yellow",
        `  ${stripControls(agent)} needs approval: ${stripControls(awaiting.message)} (to answer: ${command})`,
      ),
    ];
  }
  if (state === "init") return [paint("dim", `  ${stripControls(agent)} started (conversation ${conversation})`)];
  if (state === "running" || state === "user_confirmed" || state === "user_rejected") return [];
  return [paint("dim", `  ${stripControls(agent)}: ${state ?? "started"}, ${steps} steps, $${cost.toFixed(4)}`)];
}
