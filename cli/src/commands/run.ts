import { text } from "node:stream/consumers";
import { resolve } from "node:path";
import type { Client } from "@deckhand/client";
import {
  approvalPolicies,
  reasoningEfforts,
  type Event,
  type ReasoningEffort,
  type Settings,
} from "@deckhand/protocol";
import { followSubagents } from "../follow/subagents.ts";
import { numberOption, parseArguments, textOption } from "../arguments.ts";
import { UsageError, type ExitCode } from "../exit-codes.ts";
import { findServer } from "../find-server.ts";
import { workspaceChoice } from "../workspace-options.ts";
import { createPrinter } from "../print/printer.ts";
import { stripControls } from "../print/strip-controls.ts";
import { stopSignals } from "../stop-signals.ts";
import { followUnattended } from "../follow/unattended.ts";

const help = `Usage: deckhand run [options] "TASK"
       deckhand run [options] < task.txt

Work on one task unattended, and print what happens. Uses the server at --url or
HOST:PORT, and starts one if none is running. Ctrl-C stops the work.

Options
  --url URL          the server's address (token: DECKHAND_TOKEN)
  --model NAME       the model (default: the server's)
  --effort LEVEL     reasoning effort, for models that support it: none,
                     minimal, low, medium, high or xhigh
  --agent NAME       the agent (default: CodeActAgent); also your own agents in
                     DECKHAND_HOME/agents
  --approval POLICY  never (default), risky or always; an action that needs
                     approval is denied
  --max-steps N      stop after N steps
  --timeout SECONDS  stop after this time
  --json             print events as JSON, one per line

Workspace (default: the server's)
  --workspace PATH   a folder in the server's default workspace
  --folder PATH      this folder; it is created if it does not exist
  --worktree PATH    a worktree of this repository, on a branch of its own that
                     is merged back when the conversation is deleted
  --copy PATH        a copy of this folder
  --git URL          a clone of this repository
  --ref NAME         branch, tag or commit, with --git or --worktree

Exit codes
  0    finished
  1    error, or the agent rejected the task
  2    usage error
  3    stopped, paused, or a limit was reached
  4    waiting for an answer or an approval that nobody can give
  130  interrupted by Ctrl-C
`;

export const runCommand = { help, run };

const options = {
  url: { type: "string" },
  model: { type: "string" },
  effort: { type: "string" },
  workspace: { type: "string" },
  folder: { type: "string" },
  worktree: { type: "string" },
  copy: { type: "string" },
  git: { type: "string" },
  ref: { type: "string" },
  agent: { type: "string" },
  approval: { type: "string" },
  "max-steps": { type: "string" },
  timeout: { type: "string" },
  json: { type: "boolean" },
} as const;

/** The estimate is a small database query. */
const estimateMs = 2_000;

async function run(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, options);
  const timeoutSeconds = numberOption("timeout", values["timeout"], false);
  const maxSteps = numberOption("max-steps", values["max-steps"], true);
  const model = textOption(values["model"]);
  const effort = effortOf(textOption(values["effort"]));
  const agent = textOption(values["agent"]);
  const directory = textOption(values["workspace"]);
  const workspace = workspaceChoice(values);
  const task = await taskOf(positionals);
  const approval = approvalPolicies.find((each) => each === (textOption(values["approval"]) ?? "never"));
  if (approval === undefined) throw new UsageError(`--approval takes one of ${approvalPolicies.join(", ")}.`);
  const settings: Settings = {
    // Nobody is there to approve anything, so actions that need it are denied at once.
    approval,
    approval_seconds: 0,
    ...(agent === undefined ? {} : { agent_cls: agent }),
    ...(model === undefined ? {} : { model }),
    ...(effort === undefined ? {} : { reasoning_effort: effort }),
    ...(directory === undefined ? {} : { directory: resolve(directory) }),
    ...(workspace === undefined ? {} : { workspace }),
    ...(maxSteps === undefined ? {} : { max_steps: maxSteps }),
  };

  await using server = await findServer(textOption(values["url"]), true);
  using stop = stopSignals(timeoutSeconds);
  const estimate = await estimateOf(server.client, model);
  const { id } = await server.client.create({ task, settings });
  const printer = createPrinter(id, values["json"] === true);
  if (!server.own) printer.note(`Conversation ${id} on ${server.url}`);
  if (estimate !== "") printer.note(estimate);
  const finished = new AbortController();
  const followIfSubagent = followSubagents(server.client, printer.subagentEvent, finished.signal);
  const onEvent = (event: Event): void => {
    printer.event(event);
    followIfSubagent(event);
  };
  const end = await followUnattended(server.client, id, onEvent, stop.signal).finally(() => finished.abort());
  if (end.reason !== "") printer.note(end.reason);
  return end.code;
}

function effortOf(given: string | undefined): ReasoningEffort | undefined {
  const effort = reasoningEfforts.find((each) => each === given);
  if (given !== undefined && effort === undefined) {
    throw new UsageError(`--effort takes one of ${reasoningEfforts.join(", ")}.`);
  }
  return effort;
}

/** What a task like this usually takes. Empty if the server cannot tell, which must not keep the task from starting. */
async function estimateOf(client: Client, model: string | undefined): Promise<string> {
  try {
    const { steps, sentence } = await client.estimate(model, AbortSignal.timeout(estimateMs));
    return steps === null ? "" : stripControls(sentence);
  } catch {
    return "";
  }
}

async function taskOf(positionals: readonly string[]): Promise<string> {
  const typed = positionals.join(" ").trim();
  if (typed !== "" && typed !== "-") return typed;
  if (process.stdin.isTTY) throw new UsageError("No task given. Pass it in quotes, or on standard input.");
  const piped = (await text(process.stdin)).trim();
  if (piped === "") throw new UsageError("The task on standard input is empty.");
  return piped;
}
