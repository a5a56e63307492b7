import { refusalSentence, type ActionArgs, type Delta, type Observation } from "@deckhand/protocol";
import type { Terminal, WaitOptions } from "../../runtime/jobs.ts";
import type { ExecResult, Refusal, Runtime } from "../../runtime/runtime.ts";
import { jobExtras, describeJob, textOrBinaryNote, fullOutputExtras, describeFullOutput } from "./output.ts";
import type { AnyOutcome, Tool, ToolContext } from "../tool.ts";

/** Bytes of output that an event (and the model) gets: half from the head, half from the tail. The original's number. */
const keepBytes = 30_000;

/** Streamed text of one delta at most; a screen has no use for more at once, and a socket not either. */
const deltaChars = 16_384;

/** Wide enough for most output, few enough cells to read. */
const terminal: Terminal = { rows: 30, columns: 100 };

/** A job that fails at once says so in its first observation. */
const begun: WaitOptions = { timeoutMs: 200, quietMs: 50 };
const drawn: WaitOptions = { timeoutMs: 2000, quietMs: 250 };

export function runTool(defaultTimeoutMs: number): Tool<"run"> {
  return {
    action: "run",
    description:
      "Run a bash command in the persistent shell of the workspace and get its output and exit code. Directory, variables and functions last. After `timeout` seconds it goes on as a job, and you get what it printed. `background` starts a job at once (a server, a watcher); `tty` one with a terminal, for interactive programs. `input` is its standard input, else empty. Long output comes as head and tail, with the path of the whole.",
    modelArgs: ["command", "timeout", "background", "tty", "input"],
    effect: () => "execute",
    async *run(args: ActionArgs<"run">, { runtime, id, signal }: ToolContext): AsyncGenerator<Delta, AnyOutcome> {
      // An id of the conversation's own, so that no restart gives it to another one.
      const job = `j${id}`;
      if (args.command.trim() === "") return outcome(args, nothingRan(runtime.cwd), "", [], job);
      if (args.background || args.tty === true) return start(args, job, runtime, signal);
      const timeoutMs = args.timeout === undefined ? defaultTimeoutMs : args.timeout * 1000;
      const onTimeout = args.on_timeout === "interrupt" ? {} : { jobId: job };
      const running = runtime.exec(
        args.command,
        { timeoutMs, maxOutputBytes: keepBytes, input: args.input, ...onTimeout },
        signal,
      );
      let step = await running.next();
      while (!step.done) {
        yield { of: id, text: step.value.slice(-deltaChars) };
        step = await running.next();
      }
      const refused = runtime.network?.takeRefused() ?? [];
      return outcome(args, step.value, note(step.value, timeoutMs, job), refused, job);
    },
    formatForModel(event: Observation): string {
      if (event.observation !== "run") return event.content;
      const { exit_code: exitCode, cwd, whole, job, screen, network } = event.extras;
      if (job !== undefined) return describeJob(event.content, { job, screen, whole });
      const more = describeFullOutput(whole) + refusals(network?.refused ?? []);
      return `${event.content.trimEnd()}${more}\n[exit code ${exitCode}, in ${cwd}]`.trimStart();
    },
  };
}

async function start(args: ActionArgs<"run">, id: string, runtime: Runtime, signal: AbortSignal): Promise<AnyOutcome> {
  const { command, input, tty = false } = args;
  const { jobs } = runtime;
  const typed = input === undefined ? {} : { input };
  await jobs.start({ id, command, maxOutputBytes: keepBytes, ...typed, ...(tty ? { terminal } : {}) }, signal);
  await jobs.wait(id, tty ? drawn : begun, signal);
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
  words: string,
  refused: readonly Refusal[],
  job: string,
): AnyOutcome {
  const { endedBy } = result;
  return {
    observation: "run",
    content: textOrBinaryNote(result.output) + words,
    extras: {
      command: args.command,
      exit_code: result.exitCode,
      cwd: result.cwd,
      duration_ms: result.durationMs,
      hidden: args.hidden,
      ...fullOutputExtras(result.fullOutput),
      ...(endedBy === undefined || endedBy === "job" ? {} : { ended_by: endedBy }),
      ...(endedBy === "job" ? { job: { id: job, state: "running" } } : {}),
      ...(result.limit === undefined ? {} : { limit: result.limit.kind }),
      ...(refused.length === 0 ? {} : { network: { refused: [...refused] } }),
    },
  };
}

function refusals(refused: readonly Refusal[]): string {
  if (refused.length === 0) return "";
  const ask = refused.some(({ rule }) => rule !== undefined)
    ? " Only the user can allow it; do not look for a way around."
    : "";
  return `\n[Network: ${refused.map(refusalSentence).join("; ")}.${ask}]`;
}

/** The original's words where it has some. */
function note(result: ExecResult, timeoutMs: number, job: string): string {
  return `${howItEnded(result, timeoutMs, job)}${limitHit(result)}`;
}

function limitHit({ limit }: ExecResult): string {
  switch (limit?.kind) {
    case "memory":
      return `\n[The kernel ended a process: all commands here together may take ${mebibytes(limit.max)} of memory.]`;
    case "processes":
      return `\n[Processes could not be started: all commands here together may have ${limit.max}.]`;
    case "file_size":
      return `\n[A program was ended because it wrote too large a file: one may have ${mebibytes(limit.max)}.]`;
    case undefined:
      return "";
  }
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024 ** 2)} MiB`;
}

function howItEnded({ endedBy, losesState: forgets }: ExecResult, timeoutMs: number, job: string): string {
  switch (endedBy) {
    case "job":
      return `\n[Not over after ${timeoutMs / 1000} seconds: it goes on as job ${job}. The next command has a new shell, with ${forgets === true ? "the directory alone: what the shell knew is too much to be carried over" : "directory, variables, functions and options as they were before this one"}.]`;
    case "timeout":
      return `\n\n[Command timed out after ${timeoutMs / 1000} seconds. SIGINT was sent to interrupt the command.]`;
    case "stop":
      return "\n\n[The command was stopped.]";
    case "shell_exit":
      return "\n[The shell ended. The next command starts a new one in the same directory; variables and functions are gone.]";
    default:
      return "";
  }
}

/** The original waited here for more output of a running command. */
function nothingRan(cwd: string): ExecResult {
  return { output: "", exitCode: -1, cwd, durationMs: 0 };
}
