/**
 * One attempt: the agent works in a conversation whose workspace is a copy of the start files. Afterwards its
 * background processes are stopped, and the check runs in a fork: a copy of the files in a new sandbox and shell,
 * without anything that the agent started or defined. The check's own files are copied over those of the agent, so
 * tampering with them is useless.
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
  /** Keep the conversations for inspection. */
  readonly keeps: boolean;
  /** Called with each conversation of the attempt. */
  readonly onConversation: (id: string) => void;
}

/** How much of the end of a check's output is reported. */
const maxOutputChars = 400;
/** On top of a check's own timeout: the server has to start a shell, and to stop a command that hangs. */
const graceMs = 60_000;
const removeSeconds = 60;

/** Undefined if it was stopped. Fails if the server fails or the task's files cannot be prepared. */
export async function runAttempt(
  { task, model, repeat }: Attempt,
  options: TryOptions,
  stop: AbortSignal,
): Promise<Result | undefined> {
  const { client, keeps, onConversation } = options;
  await using files = await task.materialize();
  await using created = new AsyncDisposableStack();
  const onCreated = (id: string): void => {
    onConversation(id);
    if (!keeps) created.defer(() => client.delete(id, { discard: true }).catch(() => {}));
  };
  const maxSteps = options.maxSteps ?? task.limits.maxSteps;
  const { id } = await client.create({
    settings: {
      approval: options.approval,
      // Nobody is there to approve anything, so actions that need it are denied at once.
      approval_seconds: 0,
      workspace: files.start === undefined ? {} : { repository: files.start, as: "copy" },
      ...(model === "" ? {} : { model }),
      ...(maxSteps === undefined ? {} : { max_steps: Math.ceil(maxSteps) }),
      ...(task.limits.maxCostUsd === undefined ? {} : { max_cost_usd: task.limits.maxCostUsd }),
    },
  });
  onCreated(id);
  // With a title set, no model is asked for one.
  await client.rename(id, `${task.id}${repeat === 1 ? "" : ` (${repeat})`}`.slice(0, 200));

  const startedAt = performance.now();
  using timeout = timeLimit(task.limits.seconds, stop);
  await client.send(id, "start", { task: task.instruction });
  const { state, reason } = await followUnattended(client, id, () => {}, timeout.signal);
  const seconds = (performance.now() - startedAt) / 1000;
  if (stop.aborted) return undefined;

  await client.send(id, "change_agent_state", { agent_state: "stopped", jobs: true });
  const fork = await client.fork(id);
  onCreated(fork.id);
  const checked = await check({ task, model, repeat }, fork.id, files, client, stop);
  if (stop.aborted) return undefined;
  const { usage } = state;
  return {
    task: task.id,
    version: task.version,
    model,
    repeat,
    solved: checked === "",
    state: state.agentState,
    why: [checked, checked === "" ? "" : reason].filter((text) => text !== "").join(" "),
    steps: usage.steps,
    input: usage.input,
    cached: usage.cached_input,
    output: usage.output,
    cost_usd: usage.costUsd,
    unpriced: usage.unpricedSteps,
    seconds: Math.round(seconds * 10) / 10,
  };
}

/** Empty if the task is solved, else why it is not. */
async function check(
  { task }: Attempt,
  id: string,
  { checkFiles }: TaskFiles,
  client: Client,
  stop: AbortSignal,
): Promise<string> {
  try {
    await copyCheckFiles(id, checkFiles, client, stop);
  } catch (error) {
    stop.throwIfAborted();
    return `The check's files could not be copied: ${(error as Error).message}`;
  }
  const { extras, content } = await run(
    id,
    `bash -c ${shellQuote(task.check)}`,
    task.limits.checkSeconds,
    client,
    stop,
  );
  if (extras.ended_by === "timeout") return `The check timed out after ${task.limits.checkSeconds} s.`;
  return extras.exit_code === 0
    ? ""
    : `The check exited with ${extras.exit_code}: ${content.trim().slice(-maxOutputChars)}`;
}

async function copyCheckFiles(
  id: string,
  files: readonly CheckFile[],
  client: Client,
  stop: AbortSignal,
): Promise<void> {
  if (files.length === 0) return;
  // Removes whatever is in the way: a symlink, a folder, a read-only file.
  const paths = files.map(({ path }) => shellQuote(path)).join(" ");
  await run(id, `chmod -R u+rwX -- ${paths} 2> /dev/null; rm -rf -- ${paths}`, removeSeconds, client, stop);
  const sent = files.flatMap(({ path, from }) => (from === null ? [] : [{ path, from }]));
  if (sent.length === 0) return;
  const data = sent.map(async ({ path, from }) => ({ path, data: new Blob([await readFile(from)]) }));
  await client.files.upload(id, await Promise.all(data), "", stop);
}

/** Runs a command in the conversation until it ends. Fails with an `Error` that says what went wrong. */
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
  throw new Error(`The command timed out after ${seconds} s.`);
}

/** Aborts with "timeout" after this time. */
function timeLimit(seconds: number, stop: AbortSignal): Disposable & { readonly signal: AbortSignal } {
  const expired = new AbortController();
  const timer = setTimeout(() => expired.abort("timeout"), seconds * 1000);
  return { signal: AbortSignal.any([stop, expired.signal]), [Symbol.dispose]: () => clearTimeout(timer) };
}
