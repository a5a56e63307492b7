/** Formats an event for a terminal: a few lines, or none for bookkeeping events. */
import {
  allowedBySentence,
  approvalReasonSentence,
  exactAction,
  isAction,
  refusalSentence,
  type Action,
  type Event,
  type Observation,
  type ObservationExtras,
} from "@deckhand/protocol";
import type { Paint } from "./paint.ts";
import { reportLines } from "./subagent-lines.ts";
import { stripControls } from "./strip-controls.ts";

/** Longer output is shortened to its head and tail. */
const maxLines = 24;

export function eventLines(event: Event, paint: Paint): readonly string[] {
  if (!isAction(event)) return observationLines(event, paint);
  return [...actionLines(event, paint), ...lines(allowedBySentence(event)).map((line) => paint("dim", `  ${line}`))];
}

function actionLines(event: Action, paint: Paint): readonly string[] {
  const thought = "thought" in event.args && event.action !== "finish" ? lines(event.args.thought ?? "") : [];
  if (event.approval !== undefined) {
    const why = `needs approval: ${event.approval.reasons.map(approvalReasonSentence).join(" ")} Denied at ${event.approval.expires_at}.`;
    return [...thought, ...request(event.action, exactAction(event), paint), paint("yellow", `  ${why}`)];
  }
  switch (event.action) {
    case "start":
      return user(event.args.task, paint);
    case "message":
      return event.source === "user" ? user(event.args.content, paint) : lines(event.args.content);
    case "finish":
      return lines(event.message).map((line) => paint("green", line));
    case "reject":
      return lines(event.message).map((line) => paint("red", line));
    case "think":
      return thought.map((line) => paint("dim", line));
    case "initialize":
    case "change_agent_state":
      return [];
    case "approve":
      return lines(event.message).map((line) => paint("yellow", `  ${line}`));
    case "run":
      return [...thought, ...request("$", event.args.command, paint)];
    case "job":
      return [
        ...thought,
        ...request(event.message, event.args.input?.trimEnd() ?? event.args.keys?.join(" ") ?? "", paint),
      ];
    case "read":
    case "write":
    case "edit":
      return [...thought, ...request(event.action, event.args.path, paint)];
    case "delegate":
      return [...thought, ...request("delegate", `${event.args.agent}: ${event.args.task}`, paint)];
    case "search":
      return [...thought, ...request("search", `${event.args.pattern} in ${event.args.path}`, paint)];
    case "browse":
      return [...thought, ...request("browse", event.args.url, paint)];
    default:
      return [...thought, ...request(event.action, event.message, paint)];
  }
}

function observationLines(event: Observation, paint: Paint): readonly string[] {
  switch (event.observation) {
    case "chat":
    case "reply":
    case "title":
    case "checkpoint":
    case "terminal":
      return [];
    case "child":
      return reportLines(event.extras, paint);
    case "delegate":
    case "call_tool":
      return output(event.content, paint);
    case "hook": {
      const { name, exit_code: code, blocks } = event.extras;
      const head = `hook ${stripControls(name)} (exit ${code}${blocks ? ", blocked" : ""})`;
      return [paint("yellow", head), ...output(event.content, paint)];
    }
    case "job":
      if (event.cause === undefined) return lines(event.content).map((line) => paint("yellow", `  ${line}`));
      return [...output(event.content, paint), paint("dim", `  ${event.message}`)];
    case "run": {
      if (event.extras.job !== undefined) return [...output(event.content, paint), paint("dim", `  ${event.message}`)];
      const { exit_code: code, ended_by: endedBy } = event.extras;
      const end = endedBy === undefined ? `exit ${code}` : `exit ${code}, ended by ${endedBy}`;
      return [
        ...output(event.content, paint),
        ...(code === 0 ? [] : [paint("red", `  ${end}`)]),
        ...refusals(event.extras.network?.refused ?? [], paint),
      ];
    }
    case "edit":
      return indented(event.content).map((line) =>
        paint(line.startsWith("  +") ? "green" : line.startsWith("  -") ? "red" : "dim", line),
      );
    case "read":
    case "write":
      return [];
    case "search":
      return output(event.content, paint);
    case "plan":
      return indented(event.content);
    case "browse":
      return [paint("dim", `  ${stripControls(event.extras.title || event.message)}`)];
    case "error":
      return lines(event.content).map((line, at) =>
        paint("red", `${event.cause === undefined ? "" : "  "}${at === 0 ? `${event.extras.code}: ` : ""}${line}`),
      );
    case "status":
      return lines(event.content).map((line) => paint("yellow", line));
    case "agent_state_changed":
      return stateLines(event.extras.agent_state, paint);
    default:
      return lines(event.message).map((line) => paint("dim", `  ${line}`));
  }
}

function refusals(
  refused: NonNullable<ObservationExtras<"run">["network"]>["refused"],
  paint: Paint,
): readonly string[] {
  return refused.map((refusal) => {
    const remedy = refusal.rule === undefined ? "" : `; /allow-host ${refusal.rule}`;
    return paint("yellow", `  refused: ${stripControls(refusalSentence(refusal))}${stripControls(remedy)}`);
  });
}

/** Only states that are not evident from the surrounding events. */
function stateLines(state: string, paint: Paint): readonly string[] {
  return state === "paused" || state === "stopped" ? [paint("yellow", `(${state})`)] : [];
}

function user(text: string, paint: Paint): readonly string[] {
  return lines(text).map((line, at) => paint("bold", `${at === 0 ? ">" : " "} ${line}`));
}

function request(verb: string, subject: string, paint: Paint): readonly string[] {
  return lines(subject).map((line, at) => paint("cyan", at === 0 ? `${verb} ${line}` : `  ${line}`));
}

function output(text: string, paint: Paint): readonly string[] {
  return indented(text).map((line) => paint("dim", line));
}

function indented(text: string): readonly string[] {
  const all = lines(text);
  const half = maxLines / 2;
  const shown =
    all.length <= maxLines ? all : [...all.slice(0, half), `… ${all.length - maxLines} lines …`, ...all.slice(-half)];
  return shown.map((line) => `  ${line}`);
}

function lines(text: string): readonly string[] {
  const trimmed = stripControls(text).trimEnd();
  return trimmed === "" ? [] : trimmed.split("\n");
}
