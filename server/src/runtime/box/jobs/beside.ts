/** A bash beside the conversation's shell: what a job runs in, and a person's terminal. */
import { DeckhandError, type JobSignal } from "@deckhand/protocol";
import type { Terminal } from "../../jobs.ts";
import { Bash } from "../bash.ts";
import type { Box } from "../box.ts";
import { jobOpening } from "../driver.ts";
import { killAll } from "../kill-all.ts";
import type { Seat } from "../seat.ts";
import type { JobInput } from "./job.ts";

export interface BesideOptions {
  readonly box: Box;
  readonly seat: Seat;
  readonly cwd: string;
  /** What another shell told of itself, to be as that one is; "" for the environment that every command has. */
  readonly state: string;
  readonly command: string;
  readonly terminal: Terminal | undefined;
}

export interface Beside {
  readonly bash: Bash;
  readonly input: JobInput;
  signal(name: `SIG${JobSignal}`): void;
  /** Tells the program that its terminal has another size. */
  resize(terminal: Terminal): Promise<void>;
}

export function startBeside({ box, seat, cwd, state, command, terminal }: BesideOptions): Beside {
  let hasEnd = false;
  const request = { kind: "job", cwd, bare: state !== "", terminal: terminal !== undefined } as const;
  const bash = new Bash(box, seat, request, (nonce) => jobOpening(nonce, state, command, terminal));
  return {
    bash,
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
        if (name === "SIGKILL") void killAll(tree, box);
        else void tree().then((pids) => box.signal(pids, name));
      }),
    async resize({ rows, columns }) {
      await bash.started;
      const tty = `/proc/${bash.onTerminal}/fd/0`;
      await exitCodeOf(box, ["stty", "-F", tty, "rows", String(rows), "cols", String(columns)]);
    },
  };
}

const withTerminals = new WeakSet<Box>();

/** Fails with `not_available`. */
export async function needTerminals(box: Box): Promise<void> {
  if (withTerminals.has(box)) return;
  if ((await exitCodeOf(box, ["script", "--version"])) === "0") return void withTerminals.add(box);
  throw new DeckhandError("not_available", "There are no terminals here, because `script` of util-linux is missing.");
}

async function exitCodeOf(box: Box, argv: readonly string[]): Promise<string> {
  const request = { request: "program", cwd: "/", fields: [String(argv.length), ...argv], maxBytes: 4096 } as const;
  return (await box.programs.ask(request)).word;
}
