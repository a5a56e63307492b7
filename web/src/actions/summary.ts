/** The summary line of an action: a verb, its target and the result. */
import type { Action, JobState, Observation } from "@deckhand/protocol";
import { countChanges, parsePatch } from "../diff/patch.ts";
import { formatCount, formatDuration } from "../i18n/format.ts";
import type { Messages } from "../i18n/messages.ts";

export type Tone = "open" | "good" | "bad" | "plain";

export interface Summary {
  readonly verb: string;
  readonly target: string;
  readonly result: string;
  readonly tone: Tone;
  /** Empty for short actions. */
  readonly duration: string;
}

/** Shorter durations are not shown. */
const minShownMs = 100;
const interruptedCodes: ReadonlySet<string> = new Set(["interrupted", "outcome_unknown"]);

export function summaryOf(action: Action, observation: Observation | undefined, t: Messages): Summary {
  const [verb, target] = describe(action, t);
  if (observation === undefined) return { verb, target, result: "", tone: "open", duration: "" };
  return { verb, target, ...resultOf(observation, t), duration: durationOf(action, observation) };
}

function durationOf(action: Action, observation: Observation): string {
  // The duration of an interrupted action is unknown.
  if (observation.observation === "error" && interruptedCodes.has(observation.extras.code)) return "";
  const measured = observation.observation === "run" ? observation.extras.duration_ms : undefined;
  const ms = measured ?? Date.parse(observation.timestamp) - Date.parse(action.timestamp);
  // The time between events includes the wait for an approval.
  return ms >= minShownMs && (action.approval === undefined || measured !== undefined) ? formatDuration(ms) : "";
}

function describe(action: Action, t: Messages): readonly [verb: string, target: string] {
  const { verbs } = t.actions;
  switch (action.action) {
    case "run":
      return [verbs.run, action.args.command];
    case "job": {
      const { id, input, keys = [], signal } = action.args;
      if (signal !== undefined) return [verbs.signalJob, t.actions.signalToJob(signal, id)];
      if (input === undefined && keys.length === 0) return [verbs.checkJob, t.actions.job(id)];
      return [verbs.typeIntoJob, t.actions.intoJob([input?.trimEnd() ?? "", ...keys].join(" ").trim(), id)];
    }
    case "read":
      return [verbs.read, action.args.path];
    case "write":
      return [verbs.write, action.args.path];
    case "edit":
      return [verbs.edit, action.args.path];
    case "search": {
      const { pattern, path } = action.args;
      return [verbs.search, path === "." ? pattern : t.actions.inFolder(pattern, path)];
    }
    case "browse":
      return [verbs.browse, action.args.url];
    case "plan":
      return [verbs.plan, ""];
    case "run_ipython":
      return [verbs.python, action.args.code];
    case "browse_interactive":
      return [verbs.browser, action.args.browser_actions];
    case "delegate":
      return [verbs.delegate, action.args.task];
    case "call_tool":
      return [verbs.tool, `${action.args.server}: ${action.args.name}`];
    case "restore":
      return [verbs.restore, t.actions.toEarlierPoint];
    default:
      return [action.action, action.message];
  }
}

type Result = Pick<Summary, "result" | "tone">;

function resultOf(observation: Observation, t: Messages): Result {
  const { results } = t.actions;
  switch (observation.observation) {
    case "job":
      return jobResult(observation.extras.job, t);
    case "run": {
      if (observation.extras.job !== undefined) return jobResult(observation.extras.job, t);
      const { exit_code: code, ended_by: endedBy } = observation.extras;
      if (endedBy === "timeout") return { result: results.timedOut, tone: "bad" };
      if (endedBy === "stop") return { result: results.stopped, tone: "bad" };
      return { result: results.exitCode(code), tone: code === 0 ? "good" : "bad" };
    }
    case "search": {
      const { matches, truncated } = observation.extras;
      return { result: results.lines(`${formatCount(matches)}${truncated ? "+" : ""}`, matches === 1), tone: "plain" };
    }
    case "browse":
      return observation.extras.error
        ? { result: results.failed, tone: "bad" }
        : { result: String(observation.extras.status), tone: "plain" };
    case "plan": {
      const { tasks } = observation.extras;
      return {
        result: results.tasksDone(tasks.filter(({ status }) => status === "done").length, tasks.length),
        tone: "plain",
      };
    }
    case "call_tool":
      return observation.extras.is_error === true
        ? { result: results.failed, tone: "bad" }
        : { result: "", tone: "good" };
    case "edit": {
      const { added, deleted } = countChanges(parsePatch(observation.content));
      return { result: `+${added} −${deleted}`, tone: "good" };
    }
    case "restore":
      return { result: t.common.files(observation.extras.changed_files), tone: "good" };
    case "error":
      return { result: observation.extras.code.replaceAll("_", " "), tone: "bad" };
    case "user_rejected":
      return { result: results.denied, tone: "bad" };
    default:
      return { result: "", tone: "good" };
  }
}

function jobResult({ id, state, exit_code: code = -1 }: JobState, t: Messages): Result {
  const { results } = t.actions;
  if (state === "running") return { result: results.jobRunning(id), tone: "plain" };
  return { result: results.exitCode(code), tone: code === 0 ? "good" : "bad" };
}
