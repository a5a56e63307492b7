/** What a child does, in one line beside its parent's. */
import { exactAction, isAction, type ChildReport, type Event } from "@deckhand/protocol";
import type { Paint } from "./event-lines.ts";
import { stripControls } from "./strip-controls.ts";

const mostChars = 100;

/** Undefined for what is of no interest to whoever watches the parent. */
export function subagentLine(agent: string, event: Event, paint: Paint): string | undefined {
  const said = wordsOf(event);
  if (said === undefined) return undefined;
  const line = stripControls(said).trim().split("\n", 1)[0] ?? "";
  const short = line.length > mostChars ? `${line.slice(0, mostChars - 1)}…` : line;
  return paint("dim", `  ${stripControls(agent)} │ ${short}`);
}

function wordsOf(event: Event): string | undefined {
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

/** What the parent is told of it, where a reader would not see it elsewhere. */
export function reportLines(report: ChildReport, paint: Paint): readonly string[] {
  const { agent, agent_state: state, awaiting, conversation, steps, cost_usd: cost } = report;
  if (awaiting !== null) {
    const where = `answer it in deckhand attach ${awaiting.conversation}`;
    return [
      paint("yellow", `  ${stripControls(agent)} waits for an approval: ${stripControls(awaiting.message)} (${where})`),
    ];
  }
  if (state === "init") return [paint("dim", `  ${stripControls(agent)} begins (conversation ${conversation})`)];
  if (state === "running" || state === "user_confirmed" || state === "user_rejected") return [];
  return [paint("dim", `  ${stripControls(agent)}: ${state ?? "begun"}, ${steps} steps, $${cost.toFixed(4)}`)];
}
