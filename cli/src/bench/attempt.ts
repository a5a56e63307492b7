/**
 * One try: the agent works in a conversation whose workspace is a copy of the start files. When it has ended, its jobs are
 * ended, and the check runs in a fork: a copy of the files in a sandbox and a shell of its own, where nothing that the agent
 * started or defined is. The check's files are laid over there, so that it does not matter what the agent did to them.
 */
import { readFile } from "node:fs/promises";
import type { Client } from "@deckhand/client";
import { isAction, type ApprovalPolicyName, type Observation } from "@deckhand/protocol";
import { followUnattended } from "../follow/unattended.ts";
import { shellQuote } from "./files.ts";
import type { Result, Attempt } from "./result.ts";
import type { CheckFile, TaskFiles } from "./task.ts";

export interface TryOptions {
  readonly client: Client;
  readonly approval: ApprovalPolicyName;
  readonly maxSteps: number | undefined;
  /** Conversations stay for a look. */
  readonly keeps: boolean;
  /** Told of a conversation of it. */
  readonly onConversation: (id: string) => void;
}

/** The end of what a check printed is what it says. */
const toldChars = 400;
/** Beyond a check's own time: the server has to start a shell, and to end a command that does not. */
const graceMs = 60_000;
const removeSeconds = 60;

/** Undefined where it was stopped meanwhile. Fails where the server does, or the task cannot be laid. */
export async function runAttempt(
  { task, model, repeat }: Attempt,
  options: TryOptions,
  stop: AbortSignal,
): Promise<Result | undefined> {
  const { client, keeps, onConversation } = options;
  await using laid = await task.materialize();
  await using made = new AsyncDisposableStack();
  const remove = (id: string): void => {
    onConversation(id);
    if (!keeps) made.defer(() => client.delete(id, { discard: true }).catch(() => {}));
  };
  const maxSteps = options.maxSteps ?? task.limits.maxSteps;
  const { id } = await client.create({
    settings: {
      approval: options.approval,
      // Nobody is here to be asked.
      approval_seconds: 0,
      workspace: laid.start === undefined ? {} : { repository: laid.start, as: "copy" },
      ...(model === "" ? {} : { model }),
      ...(maxSteps === undefined ? {} : { max_steps: Math.ceil(maxSteps) }),
      ...(task.limits.maxCostUsd === undefined ? {} : { max_cost_usd: task.limits.maxCostUsd }),
    },
  });
  remove(id);
  // A name of its own, so that no model is asked for one.
  await client.rename(id, `${task.id}${repeat === 1 ? "" : ` (${repeat})`}`.slice(0, 200));

  const begun = performance.now();
  using limit = timeLimit(task.limits.seconds, stop);
  await client.send(id, "start", { task: task.instruction });
  const { state, say } = await followUnattended(client, id, () => {}, limit.signal);
  const seconds = (performance.now() - begun) / 1000;
  if (stop.aborted) return undefined;

  await client.send(id, "change_agent_state", { agent_state: "stopped", jobs: true });
  const fork = await client.fork(id);
  remove(fork.id);
  const checked = await check({ task, model, repeat }, fork.id, laid, client, stop);
  if (stop.aborted) return undefined;
  const { usage } = state;
  return {
    task: task.id,
    version: task.version,
    model,
    repeat,
    solved: checked === "",
    state: state.agentState,
    why: [checked, checked === "" ? "" : say].filter((text) => text !== "").join(" "),
    steps: usage.steps,
    input: usage.input,
    cached: usage.cached_input,
    output: usage.output,
    cost_usd: usage.costUsd,
    unpriced: usage.unpricedSteps,
    seconds: Math.round(seconds * 10) / 10,
  };
}

/** Empty where it is solved, else why it is not. */
async function check(
  { task }: Attempt,
  id: string,
  { checkFiles }: TaskFiles,
  client: Client,
  stop: AbortSignal,
): Promise<string> {
  try {
    await layOver(id, checkFiles, client, stop);
  } catch (error) {
    stop.throwIfAborted();
    return `The files of the check could not be laid over: ${(error as Error).message}`;
  }
  const { extras, content } = await run(
    id,
    `bash -c ${shellQuote(task.check)}`,
    task.limits.checkSeconds,
    client,
    stop,
  );
  if (extras.ended_by === "timeout") return `The check was not over after ${task.limits.checkSeconds} s.`;
  return extras.exit_code === 0 ? "" : `The check ended with ${extras.exit_code}: ${content.trim().slice(-toldChars)}`;
}

async function layOver(id: string, files: readonly CheckFile[], client: Client, stop: AbortSignal): Promise<void> {
  if (files.length === 0) return;
  // Whatever stands at their place: a link, a folder, a file that cannot be written.
  const paths = files.map(({ path }) => shellQuote(path)).join(" ");
  await run(id, `chmod -R u+rwX -- ${paths} 2> /dev/null; rm -rf -- ${paths}`, removeSeconds, client, stop);
  const sent = files.flatMap(({ path, from }) => (from === null ? [] : [{ path, from }]));
  if (sent.length === 0) return;
  const data = sent.map(async ({ path, from }) => ({ path, data: new Blob([await readFile(from)]) }));
  await client.files.upload(id, await Promise.all(data), "", stop);
}

/** A command of ours in the conversation, until it has ended. Fails with the sentence of what went wrong. */
async function run(
  id: string,
  command: string,
  seconds: number,
  client: Client,
  stop: AbortSignal,
): Promise<Observation<"run">> {
  const sent = await client.send(id, "run", { command, timeout: seconds, on_timeout: "interrupt" }, {}, stop);
  const signal = AbortSignal.any([stop, AbortSignal.timeout(seconds * 1000 + graceMs)]);
  for await (const item of client.follow(id, { after: sent, signal })) {
    if (item.type !== "event" || isAction(item.event) || item.event.cause !== sent) continue;
    if (item.event.observation === "run") return item.event;
    throw new Error(item.event.content);
  }
  stop.throwIfAborted();
  throw new Error(`The command was not over after ${seconds} s.`);
}

/** Aborts with "timeout" when the time is over. */
function timeLimit(seconds: number, stop: AbortSignal): Disposable & { readonly signal: AbortSignal } {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort("timeout"), seconds * 1000);
  return { signal: AbortSignal.any([stop, over.signal]), [Symbol.dispose]: () => clearTimeout(timer) };
}
