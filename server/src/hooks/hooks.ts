/**
 * Hooks: the user's own commands, run when something happens. They exist only in the user's settings; nothing in a workspace can
 * add, change or remove one.
 *
 *   exit code 0    continue
 *   exit code 2    block; the model reads the hook's stderr:
 *                  before_action  the action does not run
 *                  after_action   the action has run; the model is informed
 *                  start          the agent does not start
 *                  stop           the agent continues working, at most three times per user message
 *   any other      a warning in the log
 *   no exit code   (timed out, not found, not executable) before_action: block, because nothing allowed the action;
 *                  otherwise a warning
 *
 * The hooks of an event run one after another, in the configured order, until one blocks.
 */
import {
  observation,
  type Hook,
  type HookEvent,
  type NewAction,
  type NewEvent,
  type NewObservation,
} from "@deckhand/protocol";
import type { HookPoints, HookVerdict } from "../agent/hook-points.ts";
import { matches } from "./match.ts";
import type { HookRun, RunHook } from "./run-hook.ts";

export interface HooksOptions {
  readonly conversation: string;
  readonly workspace: () => string;
  /** The hooks in the current settings. */
  readonly configured: () => { readonly [E in HookEvent]?: readonly Hook[] | undefined };
  readonly run: RunHook;
}

const blockingExitCode = 2;
/** Longer texts in an observation are cut before a hook gets it. */
const maxTextChars = 20_000;
const maxBlockedFinishes = 3;

interface Occasion {
  readonly event: HookEvent;
  readonly action?: NewAction;
  readonly id?: number;
  readonly observation?: NewObservation;
}

export function hookPointsOf(options: HooksOptions): HookPoints {
  return {
    before: (action, id, signal) => runHooks(options, { event: "before_action", action, id }, signal),
    after: (action, id, result, signal) =>
      runHooks(options, { event: "after_action", action, id, observation: result }, signal),
    start: (signal) => runHooks(options, { event: "start" }, signal),
    async stop(finish, blockedFinishes, signal) {
      const verdict = await runHooks(options, { event: "stop", action: finish }, signal);
      if (verdict.blockReason === undefined || blockedFinishes < maxBlockedFinishes) return verdict;
      // Otherwise it could go on forever. The result of the check stays in the log.
      return { events: verdict.events.map((event) => asWarning(event)) };
    },
  };
}

async function runHooks(options: HooksOptions, occasion: Occasion, signal: AbortSignal): Promise<HookVerdict> {
  const events: NewEvent[] = [];
  for (const hook of options.configured()[occasion.event] ?? []) {
    if (signal.aborted) break;
    const { event, action } = occasion;
    if (event !== "stop" && action !== undefined && !(await matches(hook, action, options.workspace()))) continue;
    const run = await options.run(hook, inputOf(options, occasion), signal);
    const blocks = run.exitCode === blockingExitCode || (event === "before_action" && failed(run) && !signal.aborted);
    const reported = eventOf(hook, occasion, run, blocks);
    if (reported !== undefined) events.push(reported);
    if (blocks) return { events, ...(event === "after_action" ? {} : { blockReason: blockReason(hook, event, run) }) };
  }
  return { events };
}

/** 126 and 127 come from the shell: the command is not executable or was not found. */
function failed({ exitCode, timedOut }: HookRun): boolean {
  return timedOut || exitCode === -1 || exitCode === 126 || exitCode === 127;
}

/** What the hook reads on stdin. An action is never cut, because the hook decides about all of it. */
function inputOf(
  { conversation, workspace }: HooksOptions,
  { event, action, id, observation: result }: Occasion,
): string {
  return JSON.stringify({
    event,
    conversation,
    workspace: workspace(),
    ...(action === undefined ? {} : { action: { id, action: action.action, args: action.args } }),
    ...(result === undefined ? {} : { observation: shortened(result) }),
  });
}

function shortened({ observation: kind, content, extras }: NewObservation): unknown {
  const text = JSON.stringify({ observation: kind, content, extras }, (_, value: unknown) =>
    typeof value === "string" && value.length > maxTextChars ? `${value.slice(0, maxTextChars)} […]` : value,
  );
  return JSON.parse(text) as unknown;
}

/** The observation of a hook; undefined if it succeeded without output. */
function eventOf(hook: Hook, { event, id }: Occasion, run: HookRun, blocks: boolean): NewEvent | undefined {
  const output = [run.stderr, run.stdout, run.problem ?? ""].filter((text) => text !== "").join("\n");
  if (run.exitCode === 0 && output === "") return undefined;
  const informsModel = blocks ? event !== "before_action" && event !== "start" : event === "start" && run.stdout !== "";
  return observation("environment", "hook", informsModel ? noteForModel(hook, event, run, blocks) : output, {
    event,
    name: nameOf(hook),
    ...(id === undefined ? {} : { action: id }),
    exit_code: run.exitCode,
    duration_ms: run.durationMs,
    blocks: blocks && event !== "after_action",
    shown_to_model: informsModel,
    timed_out: run.timedOut,
  });
}

function noteForModel(hook: Hook, event: HookEvent, run: HookRun, blocks: boolean): string {
  const head = "(System note, not from the user.)";
  if (!blocks) return `${head} Output of the user's hook ${nameOf(hook)}:\n${run.stdout}`;
  if (event === "stop") return `${head} ${blockReason(hook, event, run)}`;
  return `${head} The user's hook ${nameOf(hook)} reported a problem:\n${outputOf(run)}`;
}

function blockReason(hook: Hook, event: HookEvent, run: HookRun): string {
  const name = nameOf(hook);
  if (run.timedOut) return `Not run: the user's hook ${name} timed out.`;
  if (failed(run)) return `Not run: the user's hook ${name} could not be executed.`;
  switch (event) {
    case "stop":
      return `The task is not finished: the check ${name} failed. Fix the problem, then call finish again.\n${outputOf(run)}`;
    case "start":
      return `The user's hook ${name} prevented the agent from starting. ${outputOf(run)}`;
    default:
      return `Not run: blocked by the user's hook ${name}. ${outputOf(run)}`;
  }
}

function outputOf({ stderr, stdout }: HookRun): string {
  return stderr || stdout || "It gave no reason.";
}

function nameOf({ name, command }: Hook): string {
  return name ?? (command.length <= 60 ? command : `${command.slice(0, 59)}…`);
}

function asWarning(event: NewEvent): NewEvent {
  if (!("observation" in event) || event.observation !== "hook") return event;
  return { ...event, extras: { ...event.extras, blocks: false, shown_to_model: false } };
}
