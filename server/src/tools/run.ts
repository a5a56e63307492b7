import { DeckhandError, refusalSentence, type ActionArgs, type Delta, type Observation } from "@deckhand/protocol";
import type { ExecResult, Refusal } from "../runtime/runtime.ts";
import type { AnyOutcome, Tool, ToolContext } from "./tool.ts";

/** Bytes of output that an event (and the model) gets: half from the head, half from the tail. The original's number. */
const keepBytes = 30_000;

/** Streamed text of one delta at most; a screen has no use for more at once, and a socket not either. */
const deltaChars = 16_384;

export function runTool(defaultTimeoutMs: number): Tool<"run"> {
  return {
    action: "run",
    description:
      "Run a bash command in the persistent shell of the workspace and get its output and exit code. Directory, variables and functions last. `timeout` is in seconds; the command is interrupted then. Long output comes as head and tail, with the path of the whole.",
    offers: ["command", "timeout"],
    effect: () => "execute",
    async *run(args: ActionArgs<"run">, { runtime, id, signal }: ToolContext): AsyncGenerator<Delta, AnyOutcome> {
      if (args.background || args.input !== undefined) {
        throw new DeckhandError(
          "not_available",
          "Background jobs and input to a running command are not here yet. Use `command &` with output to a file.",
        );
      }
      if (args.command.trim() === "") return outcome(args, nothingRan(runtime.cwd), "", []);
      const timeoutMs = args.timeout === undefined ? defaultTimeoutMs : args.timeout * 1000;
      const running = runtime.exec(args.command, { timeoutMs, keepBytes }, signal);
      let step = await running.next();
      while (!step.done) {
        yield { of: id, text: step.value.slice(-deltaChars) };
        step = await running.next();
      }
      return outcome(args, step.value, note(step.value, timeoutMs), runtime.network?.takeRefused() ?? []);
    },
    tell(event: Observation): string {
      if (event.observation !== "run") return event.content;
      const { exit_code: exitCode, cwd, whole, network } = event.extras;
      const rest = whole === undefined ? "" : `\n[The whole output, ${whole.size_bytes} bytes, is in ${whole.path}]`;
      return `${event.content.trimEnd()}${rest}${refusals(network?.refused ?? [])}\n[exit code ${exitCode}, in ${cwd}]`.trimStart();
    },
  };
}

function outcome(args: ActionArgs<"run">, result: ExecResult, words: string, refused: readonly Refusal[]): AnyOutcome {
  const { whole } = result;
  return {
    observation: "run",
    content: result.output + words,
    extras: {
      command: args.command,
      exit_code: result.exitCode,
      cwd: result.cwd,
      duration_ms: result.durationMs,
      truncated: whole !== undefined,
      hidden: args.hidden,
      ...(result.endedBy === undefined ? {} : { ended_by: result.endedBy }),
      ...(result.limit === undefined ? {} : { limit: result.limit.kind }),
      ...(whole === undefined ? {} : { whole: { path: whole.path, size_bytes: whole.sizeBytes, cut: whole.cut } }),
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
function note(result: ExecResult, timeoutMs: number): string {
  return `${howItEnded(result, timeoutMs)}${limitHit(result)}`;
}

function limitHit({ limit }: ExecResult): string {
  switch (limit?.kind) {
    case "memory":
      return `\n[The kernel ended a process: all commands here together may take ${mebibytes(limit.most)} of memory.]`;
    case "processes":
      return `\n[Processes could not be started: all commands here together may have ${limit.most}.]`;
    case "file_size":
      return `\n[A program was ended because it wrote too large a file: one may have ${mebibytes(limit.most)}.]`;
    case undefined:
      return "";
  }
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024 ** 2)} MiB`;
}

function howItEnded({ endedBy }: ExecResult, timeoutMs: number): string {
  switch (endedBy) {
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

/** The original waited here for more output of a running command; ours never leaves one running. */
function nothingRan(cwd: string): ExecResult {
  return { output: "", exitCode: -1, cwd, durationMs: 0 };
}
