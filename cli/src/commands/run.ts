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

const help = `Usage: deckhand run [option…] "task"
       deckhand run [option…] < task.txt

Works on one task without a person and prints what happens. Uses the server that runs at --url or at HOST:PORT; where
none does, it starts one for itself. Ctrl-C stops the work.

  --url URL          the server (DECKHAND_TOKEN is its token, where it wants one)
  --model NAME       the model (default: as the server is configured)
  --effort EFFORT    how much it thinks, where it can be told: none, minimal, low, medium, high or xhigh
  --workspace PATH   a folder in the server's default workspace
  --folder PATH      work in this folder; it is made when it is missing
  --worktree PATH    work on this repository in a copy of its own, on a branch that comes back when the conversation is deleted
  --copy PATH        work in a copy of this folder
  --git URL          work in a clone of this repository
  --ref NAME         the branch, tag or commit of --git or --worktree
  --agent NAME       who does it (default: CodeActAgent; the server's agents and your own in DECKHAND_HOME/agents)
  --approval WHEN    never (default), risky or always: what would be asked about is denied at once
  --max-steps N      stop after so many steps
  --timeout SECONDS  stop after so long
  --json             print the events, one JSON object a line

Exit code
  0 finished · 1 error or rejected · 2 wrong usage · 3 stopped, paused, or at a limit · 4 waits for an answer or an
  approval that nobody can give · 130 Ctrl-C
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

/** It is a look at some rows. */
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
  if (approval === undefined) throw new UsageError(`--approval is one of ${approvalPolicies.join(", ")}.`);
  const settings: Settings = {
    // Nobody is here to be asked.
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
  if (!server.own) printer.say(`Conversation ${id} on ${server.url}`);
  if (estimate !== "") printer.say(estimate);
  const over = new AbortController();
  const seeChildren = followSubagents(server.client, printer.subagentEvent, over.signal);
  const onEvent = (event: Event): void => {
    printer.event(event);
    seeChildren(event);
  };
  const end = await followUnattended(server.client, id, onEvent, stop.signal).finally(() => over.abort());
  if (end.say !== "") printer.say(end.say);
  return end.code;
}

/** What it may take, as far as that is known; a server that cannot say it is no reason not to begin. */
function effortOf(given: string | undefined): ReasoningEffort | undefined {
  const effort = reasoningEfforts.find((each) => each === given);
  if (given !== undefined && effort === undefined) {
    throw new UsageError(`--effort is one of ${reasoningEfforts.join(", ")}.`);
  }
  return effort;
}

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
  if (process.stdin.isTTY) throw new UsageError("What is the task? Give it in quotes, or on the standard input.");
  const piped = (await text(process.stdin)).trim();
  if (piped === "") throw new UsageError("The task on the standard input is empty.");
  return piped;
}
