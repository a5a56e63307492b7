/** `deckhand …` as a process, with what it printed and how it ended. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const main = join(import.meta.dirname, "../../cli/src/main.ts");

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** The standard input; empty by default. */
  readonly input?: string;
  /** Under a pseudo-terminal, where `type` is the keyboard. */
  readonly terminal?: boolean;
}

export class CliProcess {
  stdout = "";
  stderr = "";
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown[]>;
  #printed = Promise.withResolvers<void>();

  constructor(args: readonly string[], { env = {}, input = "", terminal = false }: CliOptions = {}) {
    const command = [process.execPath, main, ...args];
    const [program = "", ...rest] = terminal ? ["script", "-qec", command.join(" "), "/dev/null"] : command;
    const child = spawn(program, rest, {
      env: {
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        DECKHAND_USER_PATH: process.env["DECKHAND_USER_PATH"],
        DECKHAND_DISCOVER: "false",
        DECKHAND_TITLES: "false",
        DECKHAND_CHECKPOINTS: "false",
        // Where nothing listens: a test names the server that it means.
        PORT: "1",
        ...env,
      },
    });
    this.#child = child;
    // "close" comes after the last of the output, "exit" may not.
    this.#exited = once(child, "close");
    child.stdout.setEncoding("utf8").on("data", (text: string) => this.#take("stdout", text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => this.#take("stderr", text));
    child.stdin.on("error", () => {});
    if (!terminal) child.stdin.end(input);
  }

  #take(stream: "stdout" | "stderr", text: string): void {
    this[stream] += text;
    this.#printed.resolve();
    this.#printed = Promise.withResolvers<void>();
  }

  /** The exit code. */
  async end(): Promise<number | null> {
    const [code] = (await this.#exited) as [number | null];
    return code;
  }

  /** Waits until it has printed this; fails, with what there is, when it ends before. */
  async prints(text: string): Promise<void> {
    while (!this.stdout.includes(text)) {
      const ended = await Promise.race([this.#exited, this.#printed.promise]);
      if (ended !== undefined && !this.stdout.includes(text)) {
        throw new Error(`it ended and printed no ${JSON.stringify(text)}:\n${this.stdout}${this.stderr}`);
      }
    }
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }
}
