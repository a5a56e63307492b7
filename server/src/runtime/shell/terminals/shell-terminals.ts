/** The terminals of one runtime. They end with it, by `exit`, or when somebody closes them. */
import { DeckhandError } from "@deckhand/protocol";
import type { NewTerminal, OpenTerminal, Terminals } from "../../terminals.ts";
import type { ProcessHost } from "../process-host.ts";
import { requireTerminals, spawnBackground } from "../jobs/spawn-background.ts";
import { maxAnswerBytes } from "../jobs/background-jobs.ts";
import { ShellTerminal } from "./shell-terminal.ts";
import { TerminalScreen } from "./terminal-screen.ts";

/** Each is a bash and a screen of some megabytes. */
const maxOpen = 8;
/** Lines: some 2 MB at 100 columns. */
const scrollback = 1000;

/**
 * Every command is told that nobody is there who could answer (`environment.ts`); here somebody is. What the person has in `~/.bashrc`,
 * which is the conversation's own, comes last.
 */
const start = [
  "unset CI PAGER GIT_PAGER MANPAGER GIT_TERMINAL_PROMPT DEBIAN_FRONTEND PIP_NO_INPUT",
  `exec "$BASH" --rcfile <(printf '%s\\n' "PS1='\\\\[\\\\e[1;34m\\\\]\\\\w\\\\[\\\\e[0m\\\\] \\\\\\$ '" "alias ls='ls --color=auto' grep='grep --color=auto'" "PROMPT_DIRTRIM=2" "[ ! -r ~/.bashrc ] || . ~/.bashrc") -i`,
].join("\n");

export interface ShellTerminalsOptions {
  readonly workspace: string;
  readonly start: () => Promise<{ readonly host: ProcessHost }>;
  /** Gets what is still printed by what a terminal left in the background. */
  readonly late: (bytes: Buffer) => void;
}

export class ShellTerminals implements Terminals {
  readonly #parts: ShellTerminalsOptions;
  readonly #open = new Map<string, ShellTerminal>();
  #opening = 0;

  constructor(parts: ShellTerminalsOptions) {
    this.#parts = parts;
  }

  async open({ id, rows, columns }: NewTerminal): Promise<OpenTerminal> {
    if (this.#open.size + this.#opening >= maxOpen) {
      throw new DeckhandError("limit_exceeded", `${maxOpen} terminals are open already. Close one of them first.`);
    }
    this.#opening += 1;
    try {
      return await this.#start(id, { rows, columns });
    } finally {
      this.#opening -= 1;
    }
  }

  find(id: string): OpenTerminal | undefined {
    return this.#open.get(id);
  }

  async #start(id: string, terminal: { readonly rows: number; readonly columns: number }): Promise<OpenTerminal> {
    const { host: box } = await this.#parts.start();
    await requireTerminals(box);
    const seat = await box.openStreams("job");
    const screen = await TerminalScreen.open({ ...terminal, scrollback }, seat.output, (text) => {
      // A program may ask for ever and read no answer.
      if (beside.input.waitingBytes < maxAnswerBytes) beside.input.write(text);
    });
    const beside = spawnBackground({
      host: box,
      streams: seat,
      cwd: this.#parts.workspace,
      state: "",
      command: start,
      terminal,
    });
    const opened = new ShellTerminal(id, Date.now(), beside, screen);
    this.#open.set(id, opened);
    seat.output.onData((bytes) => opened.add(bytes));
    const watch = beside.process.watch();
    beside.process.onExit = (code) => {
      watch[Symbol.dispose]();
      const over = async (): Promise<void> => {
        await seat.output.drain();
        seat.output.onData(this.#parts.late);
        this.#open.delete(id);
        opened.end(code);
      };
      void over();
    };
    return opened;
  }
}
