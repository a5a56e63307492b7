import { refusalSentence, type ActionArgs, type Delta, type Observation } from "@deckhand/protocol";
import type { Terminal, WaitOptions } from "../../runtime/jobs.ts";
import type { ExecResult, Refusal, Runtime } from "../../runtime/runtime.ts";
import type { AnyOutcome, Tool, ToolContext } from "../tool.ts";
import { describeFullOutput, describeJob, fullOutputExtras, jobExtras, textOrBinaryNote } from "./output.ts";

/** Bytes of output in the event, half head and half tail. OpenHands keeps as much. */
const maxOutputBytes = 30_000;

/** Streamed text of one delta: more is of no use on a screen, and would only fill the socket. */
const maxDeltaChars = 16_384;

/** Wide enough for most output, and few enough cells for the model to read. */
const terminal: Terminal = { rows: 30, columns: 100 };

/** Long enough that a job which fails at once says so in its first observation. */
const startWait: WaitOptions = { timeoutMs: 200, quietMs: 50 };
/** Long enough for a program to draw its first screen. */
const firstScreenWait: WaitOptions = { timeoutMs: 2000, quietMs: 250 };

export function runTool(defaultTimeoutMs: number): Tool<"run"> {
  return {
    action: "run",
    description:
      "Run a bash command in the workspace's persistent shell; returns its output and exit code. Directory, variables and functions persist. A command still running after `timeout` seconds becomes a background job, and its output so far is returned. `background` starts it as a job right away (a server, a watcher); `tty` does so with a terminal, for interactive programs. `input` is its stdin, empty by default. Long output is truncated in the middle, with the path of the full output.",
    modelArgs: ["command", "timeout", "background", "tty", "input"],
    effect: () => "execute",
    async *run(args: ActionArgs<"run">, { runtime, id, signal }: ToolContext): AsyncGenerator<Delta, AnyOutcome> {
      // Derived from the action's id, so that no job reuses it, even after a restart.
      const jobId = `j${id}`;
      if (args.command.trim() === "") return outcome(args, nothingRan(runtime.cwd), "", [], jobId);
      if (args.background || args.tty === true) return startJob(args, jobId, runtime, signal);
      const timeoutMs = args.timeout === undefined ? defaultTimeoutMs : args.timeout * 1000;
      const onTimeout = args.on_timeout === "interrupt" ? {} : { jobId };
      const running = runtime.exec(
        args.command,
        { timeoutMs, maxOutputBytes, input: args.input, ...onTimeout },
        signal,
      );
      let step = await running.next();
      while (!step.done) {
        yield { of: id, text: step.value.slice(-maxDeltaChars) };
        step = await running.next();
      }
      const refused = runtime.network?.takeRefused() ?? [];
      return outcome(args, step.value, notes(step.value, timeoutMs, jobId), refused, jobId);
    },
    formatForModel(event: Observation): string {
      if (event.observation !== "run") return event.content;
      const { exit_code: exitCode, cwd, whole, job, screen, network } = event.extras;
      if (job !== undefined) return describeJob(event.content, { job, screen, whole });
      const notices = describeFullOutput(whole) + describeRefusals(network?.refused ?? []);
      return `${event.content.trimEnd()}${notices}\n[exit code ${exitCode}, in ${cwd}]`.trimStart();
    },
  };
}

async function startJob(
  args: ActionArgs<"run">,
  id: string,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<AnyOutcome> {
  const { command, input, tty = false } = args;
  const { jobs } = runtime;
  const firstInput = input === undefined ? {} : { input };
  await jobs.start({ id, command, maxOutputBytes, ...firstInput, ...(tty ? { terminal } : {}) }, signal);
  await jobs.wait(id, tty ? firstScreenWait : startWait, signal);
  const look = await jobs.look(id);
  const { exitCode = -1, startedAt, endedAt = Date.now() } = look.status;
  return {
    observation: "run",
    content: textOrBinaryNote(look.output),
    extras: {
      command,
      exit_code: exitCode,
      cwd: runtime.cwd,
      duration_ms: endedAt - startedAt,
      hidden: args.hidden,
      ...fullOutputExtras(look.fullOutput),
      ...jobExtras(look),
    },
  };
}

function outcome(
  args: ActionArgs<"run">,
  result: ExecResult,
  appended: string,
  refused: readonly Refusal[],
  jobId: string,
): AnyOutcome {
  const { endedBy } = result;
  return {
    observation: "run",
    content: textOrBinaryNote(result.output) + appended,
    extras: {
      command: args.command,
      exit_code: result.exitCode,
      cwd: result.cwd,
      duration_ms: result.durationMs,
      hidden: args.hidden,
      ...fullOutputExtras(result.fullOutput),
      ...(endedBy === undefined || endedBy === "job" ? {} : { ended_by: endedBy }),
      ...(endedBy === "job" ? { job: { id: jobId, state: "running" } } : {}),
      ...(result.limit === undefined ? {} : { limit: result.limit.kind }),
      ...(refused.length === 0 ? {} : { network: { refused: [...refused] } }),
    },
  };
}

function describeRefusals(refused: readonly Refusal[]): string {
  if (refused.length === 0) return "";
  const advice = refused.some(({ rule }) => rule !== undefined)
    ? " Only the user can allow it; do not try to work around it."
    : "";
  return `\n[Network: ${refused.map(refusalSentence).join("; ")}.${advice}]`;
}

function notes(result: ExecResult, timeoutMs: number, jobId: string): string {
  return `${endNote(result, timeoutMs, jobId)}${limitNote(result)}`;
}

function limitNote({ limit }: ExecResult): string {
  switch (limit?.kind) {
    case "memory":
      return `\n[The kernel killed a process: all commands together may use ${mebibytes(limit.max)} of memory.]`;
    case "processes":
      return `\n[Processes could not be started: all commands together may have ${limit.max}.]`;
    case "file_size":
      return `\n[A program was killed for writing too large a file: the limit is ${mebibytes(limit.max)} per file.]`;
    case undefined:
      return "";
  }
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024 ** 2)} MiB`;
}

/** The wording for a timeout is that of OpenHands. */
function endNote({ endedBy, losesState }: ExecResult, timeoutMs: number, jobId: string): string {
  const seconds = timeoutMs / 1000;
  switch (endedBy) {
    case "job": {
      const state =
        losesState === true
          ? "in the same directory, but without its variables and functions, which are too large to copy"
          : "with the directory, variables, functions and options from before this command";
      return `\n[Still running after ${seconds} seconds, now as background job ${jobId}. The next command starts a new shell, ${state}.]`;
    }
    case "timeout":
      return `\n\n[Command timed out after ${seconds} seconds. SIGINT was sent to interrupt the command.]`;
    case "stop":
      return "\n\n[The command was stopped.]";
    case "shell_exit":
      return "\n[The shell exited. The next command starts a new one in the same directory; variables and functions are lost.]";
    default:
      return "";
  }
}

/** OpenHands takes an empty command to mean "wait for more output"; here there is nothing to wait for. */
function nothingRan(cwd: string): ExecResult {
  return { output: "", exitCode: -1, cwd, durationMs: 0 };
}
