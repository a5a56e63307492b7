/** `deckhand …` as a process, with its output and exit code. */
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
        // Nothing listens there, so every test has to name its server.
        PORT: "1",
        ...env,
      },
    });
    this.#child = child;
    // "close" comes after all output; "exit" may come earlier.
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

  /** Waits until stdout contains the text. Rejects with the output if the process exits first. */
  async prints(text: string): Promise<void> {
    while (!this.stdout.includes(text)) {
      const ended = await Promise.race([this.#exited, this.#printed.promise]);
      if (ended !== undefined && !this.stdout.includes(text)) {
        throw new Error(`it exited without printing ${JSON.stringify(text)}:\n${this.stdout}${this.stderr}`);
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
