/** One line of an action: a verb, what it is done to, and how it went. */
import type { Action, JobState, Observation } from "@deckhand/protocol";

export interface Summary {
  readonly verb: string;
  readonly what: string;
  readonly result: string;
  readonly tone: "open" | "good" | "bad" | "plain";
}

export function summaryOf(action: Action, observation: Observation | undefined): Summary {
  const [verb, what] = wordsOf(action);
  if (observation === undefined) return { verb, what, result: "", tone: "open" };
  return { verb, what, ...resultOf(observation) };
}

function wordsOf(action: Action): readonly [verb: string, what: string] {
  switch (action.action) {
    case "run":
      return ["Run", action.args.command];
    case "job": {
      const { id, input, keys = [], signal } = action.args;
      if (signal !== undefined) return ["Signal", `SIG${signal} to job ${id}`];
      if (input === undefined && keys.length === 0) return ["Look at", `job ${id}`];
      return ["Type", `${[input?.trimEnd() ?? "", ...keys].join(" ").trim()} into job ${id}`];
    }
    case "read":
      return ["Read", action.args.path];
    case "write":
      return ["Write", action.args.path];
    case "edit":
      return ["Edit", action.args.path];
    case "search":
      return [
        "Search",
        action.args.path === "." ? action.args.pattern : `${action.args.pattern} in ${action.args.path}`,
      ];
    case "browse":
      return ["Fetch", action.args.url];
    case "plan":
      return ["Plan", ""];
    case "run_ipython":
      return ["Python", action.args.code];
    case "browse_interactive":
      return ["Browser", action.args.browser_actions];
    case "delegate":
      return ["Delegate", action.args.task];
    case "call_tool":
      return ["Tool", `${action.args.server}: ${action.args.name}`];
    default:
      return [action.action, action.message];
  }
}

function jobResult({ id, state, exit_code: code = -1 }: JobState): Pick<Summary, "result" | "tone"> {
  if (state === "running") return { result: `job ${id} runs`, tone: "plain" };
  return { result: `exit ${code}`, tone: code === 0 ? "good" : "bad" };
}

function resultOf(observation: Observation): Pick<Summary, "result" | "tone"> {
  switch (observation.observation) {
    case "job":
      return jobResult(observation.extras.job);
    case "run": {
      if (observation.extras.job !== undefined) return jobResult(observation.extras.job);
      const { exit_code: code, ended_by: endedBy, duration_ms: durationMs } = observation.extras;
      if (endedBy === "timeout") return { result: "timed out", tone: "bad" };
      if (endedBy === "stop") return { result: "stopped", tone: "bad" };
      if (code !== 0) return { result: `exit ${code}`, tone: "bad" };
      return { result: durationMs >= 1000 ? `exit 0 · ${(durationMs / 1000).toFixed(1)} s` : "exit 0", tone: "good" };
    }
    case "search": {
      const { matches, truncated } = observation.extras;
      return { result: `${matches}${truncated ? "+" : ""} ${matches === 1 ? "line" : "lines"}`, tone: "plain" };
    }
    case "browse":
      return observation.extras.error
        ? { result: "failed", tone: "bad" }
        : { result: String(observation.extras.status), tone: "plain" };
    case "plan":
      return { result: observation.message, tone: "plain" };
    case "error":
      return { result: observation.extras.code.replaceAll("_", " "), tone: "bad" };
    case "user_rejected":
      return { result: "rejected", tone: "bad" };
    default:
      return { result: "", tone: "good" };
  }
}
