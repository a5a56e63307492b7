/** The terminals of one runtime. They end with it, by `exit`, or when a person closes them. */
import { DeckhandError } from "@deckhand/protocol";
import type { Terminal } from "../../jobs.ts";
import type { NewTerminal, OpenTerminal, Terminals } from "../../terminals.ts";
import { requireTerminals, spawnBackground, writeReply } from "../jobs/spawn-background.ts";
import type { ProcessHost } from "../process-host.ts";
import { ShellTerminal } from "./shell-terminal.ts";
import { TerminalScreen } from "./terminal-screen.ts";

/** Each is a bash and a screen of a few megabytes. */
const maxOpen = 8;
/** Lines; about 2 MB at 100 columns. */
const scrollback = 1000;

/**
 * The environment of commands says that nobody is there to answer (sandbox/environment.ts); here a person is. Their
 * `~/.bashrc`, from the conversation's home, is read last.
 */
const startScript = [
  "unset CI PAGER GIT_PAGER MANPAGER GIT_TERMINAL_PROMPT DEBIAN_FRONTEND PIP_NO_INPUT",
  `exec "$BASH" --rcfile <(printf '%s\\n' "PS1='\\\\[\\\\e[1;34m\\\\]\\\\w\\\\[\\\\e[0m\\\\] \\\\\\$ '" "alias ls='ls --color=auto' grep='grep --color=auto'" "PROMPT_DIRTRIM=2" "[ ! -r ~/.bashrc ] || . ~/.bashrc") -i`,
].join("\n");

export interface ShellTerminalsOptions {
  readonly workspace: string;
  readonly start: () => Promise<{ readonly host: ProcessHost }>;
}

export class ShellTerminals implements Terminals {
  readonly #options: ShellTerminalsOptions;
  readonly #open = new Map<string, ShellTerminal>();
  #opening = 0;

  constructor(options: ShellTerminalsOptions) {
    this.#options = options;
  }

  async open({ id, rows, columns }: NewTerminal): Promise<OpenTerminal> {
    if (this.#open.size + this.#opening >= maxOpen) {
      throw new DeckhandError("limit_exceeded", `${maxOpen} terminals are already open. Close one of them first.`);
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

  async #start(id: string, terminal: Terminal): Promise<OpenTerminal> {
    const { workspace, start } = this.#options;
    const { host } = await start();
    await requireTerminals(host);
    const streams = await host.openStreams("job");
    const screen = await TerminalScreen.open({ ...terminal, scrollback }, streams.output, (text) =>
      writeReply(background.input, text),
    );
    const background = spawnBackground({ host, streams, cwd: workspace, state: "", command: startScript, terminal });
    const opened = new ShellTerminal(id, Date.now(), background, screen);
    this.#open.set(id, opened);
    streams.output.onData((bytes) => opened.add(bytes));
    const watch = background.process.watch();
    const onExit = async (code: number): Promise<void> => {
      watch[Symbol.dispose]();
      await streams.output.drain();
      // What it left in the background may keep printing, but nobody is watching any more.
      streams.output.onData(() => {});
      this.#open.delete(id);
      opened.end(code);
    };
    background.process.onExit = (code) => void onExit(code);
    return opened;
  }
}
