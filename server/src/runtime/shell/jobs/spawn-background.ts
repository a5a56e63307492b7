/** A shell process beside the conversation's shell, for a job or a terminal. */
import { DeckhandError, type JobSignal } from "@deckhand/protocol";
import type { Terminal } from "../../jobs.ts";
import { killTree } from "../kill-tree.ts";
import type { ProcessHost } from "../process-host.ts";
import { ShellProcess } from "../shell-process.ts";
import { jobScript } from "../shell-protocol.ts";
import type { ShellStreams } from "../shell-streams.ts";
import type { JobInput } from "./job.ts";

export interface SpawnBackgroundOptions {
  readonly host: ProcessHost;
  readonly streams: ShellStreams;
  readonly cwd: string;
  /** The state that another shell reported; "" for the default environment of commands. */
  readonly state: string;
  readonly command: string;
  readonly terminal: Terminal | undefined;
}

export interface BackgroundProcess {
  readonly process: ShellProcess;
  readonly input: JobInput;
  signal(name: `SIG${JobSignal}`): void;
  /** Tells the program that its terminal has a new size. */
  resize(terminal: Terminal): Promise<void>;
}

/** Replies of a terminal (cursor position, capabilities) that wait to be read. No person types that much. */
const maxReplyBytes = 16 * 1024;

export function spawnBackground(options: SpawnBackgroundOptions): BackgroundProcess {
  const { host, streams, cwd, state, command, terminal } = options;
  let inputEnded = false;
  const request = { kind: "job", cwd, cleanEnvironment: state !== "", terminal: terminal !== undefined } as const;
  const process = new ShellProcess(host, streams, request, (nonce) => jobScript(nonce, state, command, terminal));
  return {
    process,
    input: {
      write: (text) => void streams.in.write(text),
      get waitingBytes() {
        return streams.in.writableLength;
      },
      get ended() {
        return inputEnded;
      },
      end() {
        inputEnded = true;
        // If it ended before it is open inside, opening it there would block forever.
        void process.started.then(() => streams.in.end());
      },
    },
    signal: (name) =>
      void process.started.then(() => {
        const tree = async () => (process.pid === undefined ? [] : host.treeOf(process.pid));
        if (name === "SIGKILL") void killTree(tree, host);
        else void tree().then((pids) => host.signal(pids, name));
      }),
    async resize({ rows, columns }) {
      await process.started;
      const tty = `/proc/${process.terminalPid}/fd/0`;
      await exitCodeOf(host, ["stty", "-F", tty, "rows", String(rows), "cols", String(columns)]);
    },
  };
}

/** Writes a terminal's reply to a query of the program, which may query forever and never read. */
export function writeReply(input: JobInput, text: string): void {
  if (input.waitingBytes < maxReplyBytes) input.write(text);
}

const hostsWithTerminals = new WeakSet<ProcessHost>();

/** Fails with `not_available`. */
export async function requireTerminals(host: ProcessHost): Promise<void> {
  if (hostsWithTerminals.has(host)) return;
  if ((await exitCodeOf(host, ["script", "--version"])) === "0") return void hostsWithTerminals.add(host);
  throw new DeckhandError("not_available", "Terminals are not available here: `script` (util-linux) is not installed.");
}

async function exitCodeOf(host: ProcessHost, argv: readonly string[]): Promise<string> {
  const fields = [String(argv.length), ...argv];
  const { status } = await host.programs.request({ kind: "program", cwd: "/", fields, maxBytes: 4096 });
  return status;
}
