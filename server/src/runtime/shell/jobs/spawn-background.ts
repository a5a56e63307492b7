/** A bash beside the conversation's shell: what a job runs in, and a person's terminal. */
import { DeckhandError, type JobSignal } from "@deckhand/protocol";
import type { Terminal } from "../../jobs.ts";
import { ShellProcess } from "../shell-process.ts";
import type { ProcessHost } from "../process-host.ts";
import { jobScript } from "../shell-protocol.ts";
import { killTree } from "../kill-tree.ts";
import type { ShellStreams } from "../shell-streams.ts";
import type { JobInput } from "./job.ts";

export interface SpawnBackgroundOptions {
  readonly host: ProcessHost;
  readonly streams: ShellStreams;
  readonly cwd: string;
  /** What another shell told of itself, to be as that one is; "" for the environment that every command has. */
  readonly state: string;
  readonly command: string;
  readonly terminal: Terminal | undefined;
}

export interface BackgroundProcess {
  readonly process: ShellProcess;
  readonly input: JobInput;
  signal(name: `SIG${JobSignal}`): void;
  /** Tells the program that its terminal has another size. */
  resize(terminal: Terminal): Promise<void>;
}

export function spawnBackground({
  host: box,
  streams: seat,
  cwd,
  state,
  command,
  terminal,
}: SpawnBackgroundOptions): BackgroundProcess {
  let hasEnd = false;
  const request = { kind: "job", cwd, cleanEnvironment: state !== "", terminal: terminal !== undefined } as const;
  const bash = new ShellProcess(box, seat, request, (nonce) => jobScript(nonce, state, command, terminal));
  return {
    process: bash,
    input: {
      write: (text) => void seat.in.write(text),
      get waitingBytes() {
        return seat.in.writableLength;
      },
      get ended() {
        return hasEnd;
      },
      end() {
        hasEnd = true;
        // Before it is open inside, it would never open.
        void bash.started.then(() => seat.in.end());
      },
    },
    signal: (name) =>
      void bash.started.then(() => {
        const tree = async () => (bash.pid === undefined ? [] : box.treeOf(bash.pid));
        if (name === "SIGKILL") void killTree(tree, box);
        else void tree().then((pids) => box.signal(pids, name));
      }),
    async resize({ rows, columns }) {
      await bash.started;
      const tty = `/proc/${bash.terminalPid}/fd/0`;
      await exitCodeOf(box, ["stty", "-F", tty, "rows", String(rows), "cols", String(columns)]);
    },
  };
}

const withTerminals = new WeakSet<ProcessHost>();

/** Fails with `not_available`. */
export async function requireTerminals(box: ProcessHost): Promise<void> {
  if (withTerminals.has(box)) return;
  if ((await exitCodeOf(box, ["script", "--version"])) === "0") return void withTerminals.add(box);
  throw new DeckhandError("not_available", "There are no terminals here, because `script` of util-linux is missing.");
}

async function exitCodeOf(box: ProcessHost, argv: readonly string[]): Promise<string> {
  const request = { kind: "program", cwd: "/", fields: [String(argv.length), ...argv], maxBytes: 4096 } as const;
  return (await box.programs.request(request)).status;
}
