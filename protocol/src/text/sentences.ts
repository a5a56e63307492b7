/**
 * The sentence that each event carries for display in a chat log. Sentences of kinds that OpenHands 0.9–0.14 had are
 * its own, because its clients show them unchanged.
 */
import type { ActionArgs } from "../wire/actions.ts";
import type { NewAction, NewObservation } from "../wire/event.ts";
import type { ChildReport, InstructionFile } from "../wire/observations.ts";
import type { JobState } from "../wire/processes.ts";
import { escapeInvisible } from "./exact.ts";

type Bare<T> = T extends unknown ? Omit<T, "message" | "source"> : never;

export function actionSentence(event: Bare<NewAction>): string {
  switch (event.action) {
    case "message":
      return event.args.content;
    case "start":
      return event.args.task;
    case "run":
      return `Running command: ${event.args.command}`;
    case "job": {
      const { id, input, keys, signal } = event.args;
      if (signal !== undefined) return `Sending SIG${signal} to job ${id}`;
      return input === undefined && keys === undefined ? `Checking job ${id}` : `Typing into job ${id}`;
    }
    case "run_ipython":
      return `Running Python code interactively: ${event.args.code}`;
    case "read":
      return `Reading file: ${event.args.path}`;
    case "write":
      return `Writing file: ${event.args.path}`;
    case "edit":
      return `Editing file: ${event.args.path}`;
    case "search":
      return `Searching for: ${event.args.pattern}`;
    case "browse":
      return `Browsing URL: ${event.args.url}`;
    case "browse_interactive":
      return `I am interacting with the browser:\n\`\`\`\n${event.args.browser_actions}\n\`\`\``;
    case "think":
      return event.args.thought;
    case "plan":
      return `Planning ${event.args.tasks.length} tasks`;
    case "delegate":
      return `I'm asking ${event.args.agent} for help with this task.`;
    case "call_tool":
      return `Calling ${event.args.name} on ${event.args.server}`;
    case "restore":
      return `Restoring the workspace to event ${event.args.at}`;
    case "finish":
      return event.args.thought || "All done! What's next on the agenda?";
    case "reject": {
      const reason = event.args.outputs["reason"];
      return `Task is rejected by the agent.${typeof reason === "string" ? ` Reason: ${reason}` : ""}`;
    }
    case "add_task":
      return `Added task: ${event.args.goal}`;
    case "modify_task":
      return `Set task ${event.args.task_id} to ${event.args.state}`;
    case "change_agent_state":
      return `Agent state changed to ${event.args.agent_state}`;
    case "initialize":
      return "Settings updated.";
    case "approve":
      return approvalSentence(event.args);
    case "allow_host": {
      const { host, allowed } = event.args;
      return allowed ? `Commands in this conversation may access ${host}.` : `Commands may no longer access ${host}.`;
    }
    case "compact":
      return event.args.how === "prune"
        ? "Long outputs were removed from the model's context."
        : "Earlier events were summarized for the model.";
  }
}

export function observationSentence(event: Bare<NewObservation>): string {
  switch (event.observation) {
    case "job":
      return jobSentence(event.extras.job);
    case "run":
      if (event.extras.job !== undefined) return jobSentence(event.extras.job);
      return `Command \`${event.extras.command}\` executed with exit code ${event.extras.exit_code}.`;
    case "run_ipython":
      return "Code executed in IPython cell.";
    case "read":
      return `I read the file ${event.extras.path}.`;
    case "write":
      return `I wrote to the file ${event.extras.path}.`;
    case "edit":
      return `I edited the file ${event.extras.path}.`;
    case "browse":
      return `Visited ${event.extras.url}`;
    case "search":
      return `Found ${event.extras.matches} lines.`;
    case "restore":
      return `The workspace was restored to event ${event.extras.at}; ${event.extras.changed_files} files changed.`;
    case "plan": {
      const done = event.extras.tasks.filter((task) => task.status === "done").length;
      return `${done} of ${event.extras.tasks.length} tasks are done.`;
    }
    case "agent_state_changed":
      return event.extras.reason ?? "";
    case "delegate":
      return `${event.extras.agent} ended: ${event.extras.agent_state}.`;
    case "child":
      return childSentence(event.extras);
    case "instructions":
      return instructionsSentence(event.extras.files);
    case "call_tool":
    case "chat":
    case "error":
    case "status":
    case "tools":
    case "hook":
    case "nudge":
    case "reply":
    case "title":
    case "imported":
    case "upload":
    case "checkpoint":
    case "terminal":
    case "user_rejected":
      return event.content;
  }
}

function childSentence({ agent, agent_state: state, awaiting }: ChildReport): string {
  return awaiting === null ? `${agent}: ${state ?? "started"}.` : `${agent} needs approval: ${awaiting.message}`;
}

function jobSentence({ id, state, exit_code: code = -1 }: JobState): string {
  if (state === "running") return `Job ${id} is running.`;
  return code === -1 ? `Job ${id} ended.` : `Job ${id} ended with exit code ${code}.`;
}

function instructionsSentence(files: readonly InstructionFile[]): string {
  if (files.length === 0) return "The workspace no longer has instructions.";
  return `The agent received instructions: ${files.map(({ path }) => path).join(", ")}.`;
}

function approvalSentence({ decision, rules = [], name = "" }: ActionArgs<"approve">): string {
  const by = name.trim() === "" ? "" : ` by ${escapeInvisible(name.trim())}`;
  const patterns = rules.map(({ action, pattern }) => `${action} ${pattern}`).join(", ");
  switch (decision) {
    case "deny":
      return `The action was denied${by}.`;
    case "allow":
      return `The action was allowed${by}.`;
    case "allow_for_conversation":
      return `The action was allowed${by}. From now on allowed in this conversation: ${patterns}`;
    case "allow_for_server":
      return `The action was allowed${by}. From now on allowed in every conversation: ${patterns}`;
  }
}

/** The rules that allowed an action without asking; empty when none were needed. */
export function allowedBySentence({ allowed_by: by = [] }: Pick<NewAction, "allowed_by">): string {
  const rules = by.map(
    ({ action, pattern, scope }) =>
      `${action} ${pattern} ${scope === "server" ? "(in every conversation)" : "(in this conversation)"}`,
  );
  return rules.length === 0 ? "" : `Allowed by the rule ${rules.join(" and ")}`;
}
