/**
 * Hooks: commands of the user's own that are run when something happens. They are in the user's settings alone; nothing in a
 * workspace can add, change or remove one.
 *
 *   exit code 0    it goes on
 *   exit code 2    it is stopped, and the model reads what the hook said on stderr:
 *                  before_action  the action is not run
 *                  after_action   it has run; the model is told
 *                  start          the agent does not begin
 *                  stop           the agent goes back to work, three times for each word of the user
 *   another one    a warning in the log
 *   no answer      (its time is over, it cannot be run, it is not found) before_action: stopped, because nobody said that it
 *                  may; else a warning
 *
 * Hooks of one event run one after another, in their order; the first that stops is the last that is asked.
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
  /** As they are set now. */
  readonly set: () => { readonly [E in HookEvent]?: readonly Hook[] | undefined };
  readonly run: RunHook;
}

const blocking = 2;
/** Of a text in an observation the hook gets so much. */
const mostTextChars = 20_000;
const mostSentBack = 3;

interface Asked {
  readonly event: HookEvent;
  readonly action?: NewAction;
  readonly id?: number;
  readonly observation?: NewObservation;
}

export function hooksOf(options: HooksOptions): HookPoints {
  return {
    before: (action, id, signal) => ask(options, { event: "before_action", action, id }, signal),
    after: (action, id, seen, signal) => ask(options, { event: "after_action", action, id, observation: seen }, signal),
    start: (signal) => ask(options, { event: "start" }, signal),
    async stop(finish, sentBack, signal) {
      const verdict = await ask(options, { event: "stop", action: finish }, signal);
      if (verdict.blockReason === undefined || sentBack < mostSentBack) return verdict;
      // It would go on for ever: what the check says stands in the log, and the work may end.
      return { events: verdict.events.map((event) => withoutForce(event)) };
    },
  };
}

async function ask(options: HooksOptions, asked: Asked, signal: AbortSignal): Promise<HookVerdict> {
  const events: NewEvent[] = [];
  for (const hook of options.set()[asked.event] ?? []) {
    if (signal.aborted) break;
    if (
      asked.event !== "stop" &&
      asked.action !== undefined &&
      !(await matches(hook, asked.action, options.workspace()))
    ) {
      continue;
    }
    const ran = await options.run(hook, storyOf(options, asked), signal);
    const stops = ran.exitCode === blocking || (asked.event === "before_action" && isNoAnswer(ran) && !signal.aborted);
    const event = eventOf(hook, asked, ran, stops);
    if (event !== undefined) events.push(event);
    if (stops)
      return { events, ...(asked.event === "after_action" ? {} : { blockReason: whyOf(hook, asked.event, ran) }) };
  }
  return { events };
}

/** 126 and 127 are the shell's own: the command may not be run, or is not there. */
function isNoAnswer({ exitCode, timedOut }: HookRun): boolean {
  return timedOut || exitCode === -1 || exitCode === 126 || exitCode === 127;
}

/** What the hook reads: an action whole, for it decides about all of it. */
function storyOf({ conversation, workspace }: HooksOptions, { event, action, id, observation: seen }: Asked): string {
  return JSON.stringify({
    event,
    conversation,
    workspace: workspace(),
    ...(action === undefined ? {} : { action: { id, action: action.action, args: action.args } }),
    ...(seen === undefined ? {} : { observation: shortened(seen) }),
  });
}

function shortened({ observation: kind, content, extras }: NewObservation): unknown {
  const text = JSON.stringify({ observation: kind, content, extras }, (_, value: unknown) =>
    typeof value === "string" && value.length > mostTextChars ? `${value.slice(0, mostTextChars)} […]` : value,
  );
  return JSON.parse(text) as unknown;
}

/** What it did, where that is worth a line: one that ran and said nothing is not. */
function eventOf(hook: Hook, { event, id }: Asked, ran: HookRun, stops: boolean): NewEvent | undefined {
  const said = [ran.stderr, ran.stdout, ran.problem ?? ""].filter((text) => text !== "").join("\n");
  if (ran.exitCode === 0 && said === "") return undefined;
  const tells = stops ? event !== "before_action" && event !== "start" : event === "start" && ran.stdout !== "";
  return observation("environment", "hook", tells ? toModel(hook, event, ran, stops) : said, {
    event,
    name: nameOf(hook),
    ...(id === undefined ? {} : { action: id }),
    exit_code: ran.exitCode,
    duration_ms: ran.durationMs,
    blocks: stops && event !== "after_action",
    shown_to_model: tells,
    timed_out: ran.timedOut,
  });
}

function toModel(hook: Hook, event: HookEvent, ran: HookRun, stops: boolean): string {
  const head = "(System note, not from the user.)";
  if (!stops) return `${head} ${nameOf(hook)} says:\n${ran.stdout}`;
  return event === "stop" ? `${head} ${whyOf(hook, event, ran)}` : `${head} ${nameOf(hook)} objects:\n${saidBy(ran)}`;
}

function whyOf(hook: Hook, event: HookEvent, ran: HookRun): string {
  const name = nameOf(hook);
  if (ran.timedOut) return `Not run: the hook ${name} did not answer in time.`;
  if (isNoAnswer(ran)) return `Not run: the hook ${name} of the user could not be asked.`;
  switch (event) {
    case "stop":
      return `It is not done yet: the check ${name} failed. Put it right, then finish again.\n${saidBy(ran)}`;
    case "start":
      return `The hook ${name} did not let the agent begin. ${saidBy(ran)}`;
    default:
      return `Not run: the hook ${name} of the user has stopped it. ${saidBy(ran)}`;
  }
}

function saidBy({ stderr, stdout }: HookRun): string {
  return stderr || stdout || "It gives no reason.";
}

function nameOf({ name, command }: Hook): string {
  return name ?? (command.length <= 60 ? command : `${command.slice(0, 59)}…`);
}

function withoutForce(event: NewEvent): NewEvent {
  if (!("observation" in event) || event.observation !== "hook") return event;
  return { ...event, extras: { ...event.extras, blocks: false, shown_to_model: false } };
}
